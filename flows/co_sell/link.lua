--- Links a deal with an opportunity that was there before: writes what is missing, on either side.

local again = require "co_sell.again"
local audit = require "co_sell.audit"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local opportunity = require "lib.opportunity"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

local M = {}

local function is_same(one, other)
  return is_set(one) and is_set(other) and crm.key_of(one) == crm.key_of(other)
end

-- What may have come between the match and now.
local function refuse_what_has_changed(deal, own, row)
  if condition("If the deal is over, then", own.status == "Closed") then
    fail("DealIsOver", "The deal is closed as " .. tostring(own.substatus) .. "; it takes no CRM ID any more.")
  end
  local referral_id, crm_id = row[map.column.referral_id], own.externalReferenceId
  if condition("If it belongs to another deal, then", is_set(referral_id) and referral_id ~= own.id) then
    fail("BelongsToAnother", "The opportunity belongs to the deal " .. referral_id .. ".")
  end
  local is_taken = is_set(crm_id) and not is_same(crm_id, row.id) and not is_same(crm_id, deal.crm_id)
  if condition("If the deal belongs to another opportunity by now, then", is_taken) then
    fail("BelongsToAnother", "The deal belongs to the opportunity " .. crm_id .. " by now.")
  end
end

local function link(deal, row_id, by)
  local own = referrals.get_referral("Get the referral", { id = deal.id })
  local row = crm.get("Get the opportunity", row_id)
  refuse_what_has_changed(deal, own, row)
  if condition("If the opportunity does not carry the referral, then", row[map.column.referral_id] ~= own.id) then
    local changes = {
      [map.column.sync] = true, [map.column.referral_id] = own.id, [map.column.link] = map.link(own.id),
    }
    opportunity.write("Link the opportunity with the deal", row,
      audit.with_line(changes, row, "Backfill: linked with the deal in Partner Center, by " .. by .. "."))
  end
  if condition("If the deal does not carry the CRM ID, then", own.externalReferenceId ~= row.id) then
    referrals.patch_referral("Link the deal with the opportunity",
      { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
  end
end

--- In turn for the deal: {id, engagement, crm_id}, as it was when somebody or something found the opportunity. `by`
-- says which, for Audit. The reason why they were not linked; nil when they are.
function M.in_turn(deal, row_id, by)
  local done = try("Link", function()
    exclusive("One run per deal", deal.engagement, function()
      again.while_changed(function()
        link(deal, row_id, by)
      end)
    end)
  end)
  return done.error and done.error.message
end

return M
