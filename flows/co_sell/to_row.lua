--- What a changed referral means for the opportunity that the CRM has for it.

local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local opportunity = require "lib.opportunity"
local pair = require "co_sell.pair"
local states = require "co_sell.states"

local referrals = connection "partner_center_referrals"

local M = {}

--- Takes over what was changed in Partner Center; what the mapping leaves to the CRM is put back there.
function M.update(own, row)
  compose("Existing referrals objects for update on opportunity", map.both_sides(own, row))
  if condition("If the opportunity is closed, then", states.is_closed(row.state)) then
    local diff = map.difference(own, row, "crm")
    return conclude("no change", diff.any and "the opportunity is closed in the CRM" or nil)
  end
  local diff = map.difference(own, row, pair.later_than_row(own, row, crm.our_user()))
  local is_news = next(diff.crm.changes) ~= nil or diff.crm.step ~= nil
  if condition("If difference between the opportunity objects in Partner Center and CRM, then", is_news) then
    opportunity.update(row, diff.crm)
  end
  if condition("If the CRM decides what was changed, then", next(diff.back.referral.changes) ~= nil) then
    local patched = referrals.patch_referral("Put back what the CRM decides",
      { id = own.id, etag = own.eTag, changes = diff.back.referral.changes })
    own.eTag = patched.eTag
    return conclude("updated", "the CRM decides " .. text.join(diff.back.referral.fields, ", "))
  elseif is_news then
    return conclude("updated", text.join(diff.crm.fields, ", "))
  end
  return conclude("no change", diff.any and "the CRM is newer" or nil)
end

return M
