--- What a changed referral means for the opportunity that the CRM has for it.

local ask = require "co_sell.ask"
local audit = require "co_sell.audit"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local opportunity = require "lib.opportunity"
local pair = require "co_sell.pair"
local states = require "co_sell.states"

local referrals = connection "partner_center_referrals"

local M = {}

-- What of the difference the row takes; Audit names what is left to a person.
local function take_over(row, diff)
  local left = ask.left(diff)
  diff.crm.changes = audit.with_line(diff.crm.changes, row, left and "Update: " .. left .. ".")
  local is_news = next(diff.crm.changes) ~= nil or diff.crm.step ~= nil
  if condition("If difference between the opportunity objects in Partner Center and CRM, then", is_news) then
    opportunity.update(row, diff.crm)
  end
end

local function put_back(own, changes)
  local patched = referrals.patch_referral("Put back what the CRM decides",
    { id = own.id, etag = own.eTag, changes = changes })
  own.eTag = patched.eTag
end

-- What of the difference the deal takes. While a deal is on hold the CRM's edits may wait for it to be accepted, and
-- nothing else will tell of them once it is.
local function for_referral(diff)
  return diff.crm.step == "open" and diff.referral or diff.back.referral
end

local function concluded(diff, reasons, problem)
  local left = ask.left(diff, problem)
  if #reasons > 0 then
    return conclude("updated", text.join(list.concat({ text.join(reasons, ", ") }, { left }), "; "))
  elseif left then
    return conclude("conflict", left)
  end
  return conclude("no change", ask.kept(diff) or diff.any and "the CRM is newer" or nil)
end

--- Takes over what was changed in Partner Center; what the mapping leaves to the CRM is put back there.
function M.update(own, row)
  compose("Existing referrals objects for update on opportunity", map.both_sides(own, row))
  if condition("If the opportunity is closed, then", states.is_closed(row.state)) then
    local diff = map.difference(own, row, "crm")
    return conclude("no change", diff.any and "the opportunity is closed in the CRM" or nil)
  end
  local diff = ask.difference(own, row, pair.later_than_row(own, row, crm.our_user()))
  local reasons = list.concat(diff.crm.fields)
  take_over(row, diff)
  local back = for_referral(diff)
  if condition("If the CRM decides what was changed, then", next(back.changes) ~= nil) then
    put_back(own, back.changes)
    reasons = list.concat(diff.crm.step and reasons or {}, { "the CRM decides " .. text.join(back.fields, ", ") })
  end
  return concluded(diff, reasons, ask.ask(own, diff))
end

return M
