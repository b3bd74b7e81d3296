--- Salesforce to Partner Center: brings a changed opportunity into its referral.
local again = require "co_sell.again"
local audit = require "co_sell.audit"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local opportunity = require "lib.opportunity"
local people = require "co_sell.people"
local to_referral = require "co_sell.to_referral"

local referrals = connection "partner_center_referrals"

-- One line in Audit for each attempt, but not the same refusal twice in a row.
local function said(row, result)
  local changes = audit.with_line(result.changes, row, result.sentence, result.mark)
  if next(changes) ~= nil then
    opportunity.write("Write the result into Audit", row, changes)
  end
  return conclude(result.outcome, result.reason)
end

local function synchronize(input)
  local own = referrals.get_referral("Existing referrals objects", { id = input.referral_id })
  local row = crm.get("Get the opportunity", input.id)
  if condition("If the referral is closed, then", own.status == "Closed") then
    return said(row, to_referral.refuse(own, row))
  elseif condition("If the opportunity is on hold, then", row.state == "hold") then
    return said(row,
      { outcome = "ignored", reason = "on hold; leaving the stage " .. row.StageName .. " accepts the deal" })
  end
  scope("Update owner and sales team", function()
    row.team = people.wanted(own, row)
  end)
  return said(row, to_referral.carry_over(own, row))
end

return flow {
  title = "Salesforce to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local known = referrals.get_referral("Get the referral", { id = input.referral_id })
    track { referral = known.id, engagement = known.engagementId, crm_id = input.id }
    return exclusive("One run per deal", known.engagementId, function()
      return scope("(Scope) Synchronize the opportunity", function()
        return again.while_changed(function()
          return synchronize(input)
        end)
      end)
    end)
  end,
}
