---@meta
-- time: moments as ISO 8601 text in UTC. A text without zone is taken as UTC, a date as its midnight.
-- The present is `now()`. Read by editors only; never run.

--- Errors of all functions: a text that is not a time; results outside the years 1 to 9999.
time = {}

--- The moment in the one form that all functions give: "2026-03-31T23:30:00Z".
---@param moment string
---@return string moment
function time.parse(moment) end

--- Whether the value is a text that can be read as a time.
---@param value any
---@return boolean is_time
function time.is_time(value) end

--- By a pattern of yyyy yy MMMM MMM MM M dddd ddd dd d HH H hh h mm m ss s fff tt; text in single
--- quotes stands for itself. English names.
---@param moment string
---@param pattern string "yyyy-MM-dd HH:mm"
---@param zone? string "Europe/Berlin" or "W. Europe Standard Time"; UTC if left out.
---@return string text
---
--- Errors: an unknown time zone.
function time.format(moment, pattern, zone) end

--- The date in UTC: "2026-03-31".
---@param moment string
---@return string date
function time.date(moment) end

--- Whether two texts mean the same moment; nil and null equal each other and nothing else.
---@param a string|nil
---@param b string|nil
---@return boolean equal
function time.equal(a, b) end

--- Whether two texts mean the same day in UTC; nil and null equal each other and nothing else.
---@param a string|nil
---@param b string|nil
---@return boolean equal
function time.equal_date(a, b) end

--- -1, 0 or 1: whether a is before, at or after b.
---@param a string
---@param b string
---@return integer order
function time.compare(a, b) end

--- The moment so much later; negative amounts are earlier. Years and months come first and keep to the
--- last day of a shorter month.
---@param moment string
---@param amounts { seconds?: integer, minutes?: integer, hours?: integer, days?: integer, weeks?: integer, months?: integer, years?: integer }
---@return string moment
---
--- Errors: an unknown field; an amount that is not whole.
function time.add(moment, amounts) end

--- Seconds from one moment to another; negative when `to` is earlier.
---@param from string
---@param to string
---@return number seconds An integer when it is whole.
function time.difference(from, to) end

--- The moment that a wall clock of the zone shows. Where clocks go back the first one; where they go
--- forward the moment of the change.
---@param wall string Without zone or offset: "2026-03-31T23:30:00".
---@param zone string
---@return string moment
---
--- Errors: an unknown time zone; a text with a zone.
function time.to_utc(wall, zone) end

--- What a wall clock of the zone shows, with its offset: "2026-03-31T23:30:00+02:00".
---@param moment string
---@param zone string
---@return string text
---
--- Errors: an unknown time zone.
function time.from_utc(moment, zone) end

--- The moment at which the day began, in UTC or in the zone.
---@param moment string
---@param zone? string
---@return string moment
---
--- Errors: an unknown time zone.
function time.start_of_day(moment, zone) end

--- 0 for Sunday to 6 for Saturday, in UTC.
---@param moment string
---@return integer day
function time.day_of_week(moment) end

--- The moment's numbers in UTC.
---@param moment string
---@return { year: integer, month: integer, day: integer, hour: integer, minute: integer, second: integer, microsecond: integer } parts
function time.parts(moment) end

--- Seconds since 1970.
---@param moment string
---@return number seconds An integer when it is whole.
function time.to_seconds(moment) end

--- The moment so many seconds after 1970 began.
---@param seconds number
---@return string moment
function time.from_seconds(seconds) end
