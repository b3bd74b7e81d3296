--- How one field's value is compared and carried over, by the name that mapping.json gives it. Formatting is
-- never a change: money compares as decimals, dates as days, notes with normalised line ends and cut to what
-- the CRM can hold. A pack adds its CRM's own in lib/transforms.lua.
--
-- equal(theirs, ours, rule): Partner Center's value and the CRM's mean the same.
-- to_crm(theirs, rule), to_referral(ours, theirs, rule): nil when there is nothing to carry over; `withheld`, words or
-- a function (ours, theirs, rule), says then what about the CRM's value is not carried over.

local check_mark = require "co_sell.check_mark"
local members = require "co_sell.members"
local solutions = require "co_sell.solutions"
local values = require "co_sell.values"

local function present(value)
  return value ~= nil and value ~= null
end

local function as_is(value)
  return value
end

local function nothing()
  return nil
end

local function notes(value, rule)
  if not present(value) then
    return ""
  end
  local all = text.normalise_line_ends(value)
  return rule.max and values.cut(all, rule.max) or all
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

local function amount_of_row(value)
  local found = amount(value)
  return found ~= "0" and money.number(found) or nil
end

-- A contact that can be reached: Partner Center takes no other.
local function is_complete(contact)
  return contact ~= nil and contact.firstName ~= nil and contact.email ~= nil and contact.phoneNumber ~= nil
end

local function choice_of(code, rule)
  return code ~= nil and code ~= null and rule.values[code] or nil
end

local function code_of(choice, rule)
  for code, value in pairs(rule.values) do
    if value == choice then
      return code
    end
  end
  return nil
end

return {
  text = {
    equal = function(a, b) return (present(a) and a or "") == (present(b) and b or "") end,
    to_crm = function(value) return present(value) and value or nil end,
    to_referral = function(value) return present(value) and value or nil end,
  },

  name = {
    equal = function(name, shown, rule) return check_mark.is_same(name, shown, rule.max) end,
    to_crm = function(name, rule) return check_mark.with(check_mark.SUCCESS, name, rule.max) end,
    to_referral = check_mark.strip,
  },

  -- Often calculated: an amount of nothing says that nobody has entered one.
  money = {
    equal = function(a, b) return money.equal(amount(a), amount(b)) end,
    to_crm = function(value) return money.number(amount(value)) end,
    to_referral = amount_of_row,
    withheld = "is empty or 0 in the CRM and was not carried over; enter it on the opportunity",
  },

  date = {
    equal = function(a, b) return day(a) == day(b) end,
    to_crm = day,
    to_referral = function(value) return day(value) and day(value) .. "T00:00:00Z" end,
    withheld = "is empty in the CRM and was not carried over; enter it on the opportunity",
  },

  notes = {
    equal = function(a, b, rule) return notes(a, rule) == notes(b, rule) end,
    to_crm = notes,
    to_referral = function(value, _, rule) return notes(value, rule) end,
  },

  solutions = {
    equal = solutions.equal,
    to_crm = solutions.to_crm,
    to_referral = solutions.to_referral,
    withheld = solutions.withheld,
  },

  -- Consent is given once and never taken back: a "no" is not carried over a "yes".
  yes_once = {
    equal = function(a, b) return (a == true) == (b == true) end,
    to_crm = function(value) return value == true or nil end,
    to_referral = function(value) return value == true or nil end,
    withheld = "was given once and cannot be taken back",
  },

  choice = {
    equal = function(code, choice, rule) return choice_of(code, rule) == choice end,
    to_crm = choice_of,
    to_referral = function(choice, _, rule) return code_of(choice, rule) end,
  },

  -- The CRM names one contact of the customer; the referral's others stay.
  contact = {
    equal = function(theirs, contact) return not is_complete(contact) or members.has(theirs, contact) end,
    to_crm = nothing,
    to_referral = function(contact, theirs) return contact and members.with_first(contact, theirs) or nil end,
  },

  -- The row's team is what "Update owner and sales team" found; where that was not asked, there is no difference.
  team = {
    equal = function(theirs, ours) return ours == nil or members.same(theirs, ours) end,
    to_crm = nothing,
    to_referral = as_is,
  },
}
