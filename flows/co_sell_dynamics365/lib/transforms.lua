--- How one field's value is compared and carried over, by the name that mapping.json gives it.
-- Formatting is never a change: money compares as decimals, dates as dates, notes with normalised
-- line ends and cut to what the CRM can hold.

local people = require "lib.people"
local solutions = require "lib.solutions"

local NOTES_MAX = 2000
local CHECK_MARK = "✓ "

local function present(value)
  return value ~= nil and value ~= null
end

local function as_is(value)
  return value
end

-- The CRM counts as UTF-16 does: what is beyond the basic plane, such as emoji, counts twice.
local function cut(value, most)
  local units = 0
  for at, code in utf8.codes(value) do
    units = units + (code > 0xFFFF and 2 or 1)
    if units > most then
      return string.sub(value, 1, at - 1)
    end
  end
  return value
end

local function notes(value)
  if not present(value) then
    return ""
  end
  return cut(text.normalise_line_ends(value), NOTES_MAX)
end

local function day(value)
  if not present(value) or value == "" then
    return nil
  end
  return time.date(value)
end

local function amount(value)
  if not present(value) or value == "" then
    return "0"
  end
  return money.normalise(value)
end

-- A contact that can be reached: Partner Center takes no other.
local function is_complete(contact)
  local member = present(contact) and people.member(contact) or {}
  return member.firstName ~= nil and member.email ~= nil and member.phoneNumber ~= nil
end

local function nothing()
  return nil
end

local function strip(name)
  return text.strip_prefix(name or "", CHECK_MARK)
end

return {
  check_mark = CHECK_MARK,

  name = {
    equal = function(a, b) return strip(a) == strip(b) end,
    to_crm = strip,
    to_referral = strip,
  },

  -- The row's currency is read through its lookup; writing it needs the currency's row.
  currency = {
    equal = function(code, row_value) return code == (row_value or {}).isocurrencycode end,
    to_crm = as_is,
    to_referral = function(row_value) return (row_value or {}).isocurrencycode end,
  },

  money = {
    equal = function(a, b) return money.equal(amount(a), amount(b)) end,
    to_crm = function(value) return money.number(amount(value)) end,
    to_referral = function(value) return money.number(amount(value)) end,
  },

  date = {
    equal = function(a, b) return day(a) == day(b) end,
    to_crm = day,
    to_referral = function(value) return day(value) and day(value) .. "T00:00:00Z" end,
  },

  notes = {
    equal = function(a, b) return notes(a) == notes(b) end,
    to_crm = notes,
    to_referral = notes,
  },

  solutions = { equal = solutions.equal, to_crm = solutions.to_crm, to_referral = solutions.to_referral },

  -- Consent is given once and never taken back: a "no" is not carried over a "yes".
  yes_once = {
    equal = function(a, b) return (a == true) == (b == true) end,
    to_crm = function(value) return value == true or nil end,
    to_referral = function(value) return value == true or nil end,
  },

  -- The CRM names one contact of the customer; the referral's others stay.
  contact = {
    equal = function(members, contact) return not is_complete(contact) or people.has(members, contact) end,
    to_crm = nothing,
    to_referral = people.with_first,
  },

  -- The row's team is what "Update owner and sales team" found; where that was not asked, there is no difference.
  team = {
    equal = function(theirs, ours) return ours == nil or people.same(theirs, ours) end,
    to_crm = nothing,
    to_referral = as_is,
  },
}
