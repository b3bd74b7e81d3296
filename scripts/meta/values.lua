---@meta
-- Values of the flow language besides its libraries. Read by editors only; never run.

--- JSON's null. In lists it stays null; in objects it is remembered as a null key, and reading such a
--- key gives nil.
---@type userdata
null = nil

--- What is known of this run.
---@class RunInfo
---@field id string
---@field resubmit_of? string The run that this one repeats.
---@field started_by? string Who started it by hand: the name of an API token.
---@field version string Content hash of the flow's version.
---@field flow string
---@field environment string

---@type RunInfo
run_info = {}

--- Marks a table as a list, so that it stays a list when it is empty.
---@param items? table
---@return table items The same table, or a new one.
---
--- Errors: a table with a metatable of its own.
function array(items) end

--- The time, recorded: a replay gives the same one.
---@return string time ISO 8601 in UTC.
function now() end

--- A new random GUID, recorded.
---@return string guid
function uuid() end

--- Writes a line into the run's history.
---@param message string
---@param fields? any
function log(message, fields) end

--- JSON text.
json = {}

--- The value as canonical JSON text: keys sorted, shortest numbers.
---@param value any
---@return string text
---
--- Errors: a value that has no JSON form; the message names its place.
function json.encode(value) end

--- The value of a JSON text.
---@param text string
---@return any value
---
--- Errors: InvalidJSON with the place.
function json.decode(text) end

--- Whether a decoded object has this key with the value null.
---@param object table
---@param key string
---@return boolean is_null
function json.is_null(object, key) end
