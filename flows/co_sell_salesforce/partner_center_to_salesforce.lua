--- Partner Center to Salesforce: brings a referral into the CRM.
local again = require "co_sell.again"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local leads = require "co_sell.leads"
local opportunity = require "lib.opportunity"
local pair = require "co_sell.pair"
local to_row = require "co_sell.to_row"

local referrals = connection "partner_center_referrals"

local function synchronize(referral)
  local own = pair.own_half("Find our half", referral)
  if condition("If our half is not there, then", own == nil) then
    return conclude("ignored", "the deal has no half of ours yet")
  end
  local row, done = crm.find("Find the CRM record", own), nil

  local is_new = row == nil and (pair.is_new_shared(own) or leads.is_accepted(own))
  if condition("If it's new Shared opportunity, then", is_new) then
    local problem
    row, problem = opportunity.create(own)
    done = conclude("created", problem)
  elseif condition("If it's an update to an opportunity, then", row ~= nil) then
    done = to_row.update(own, row)
  elseif condition("If it's a lead, then", leads.is_lead(own)) then
    row, done = leads.to_crm(own)
  end
  if condition("If the CRM has nothing of it, then", row == nil) then
    return conclude("ignored", pair.why_ignored(own))
  end

  if condition("If the deal does not carry the CRM ID, then",
    own.externalReferenceId ~= row.id and own.status ~= "Closed") then
    referrals.patch_referral("Write the CRM ID back",
      { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
  end
  if condition("If it is about Microsoft's half, then", pair.is_microsoft_half(referral)) then
    run_child_flow("Partner Center Microsoft Co-sell Referral Updates to Salesforce",
      "partner_center_microsoft_co_sell_referral_updates_to_salesforce",
      { row_id = row.id, referral_id = referral.id, is_new = is_new })
  end
  return done
end

-- The referral is read anew by each run: of the events that wait, the newest stands for all.
local function referral_of(event)
  return event.referral_id
end

return flow {
  title = "Partner Center to Salesforce",
  trigger = trigger.partner_center_referral_event {
    title = "When a HTTP request is received",
    one_at_a_time_by = referral_of,
    coalesce_by = referral_of,
  },

  run = function(event)
    local referral = referrals.get_referral("Get the referral", { id = event.referral_id })
    track { referral = referral.id, engagement = referral.engagementId, crm_id = referral.externalReferenceId }
    return exclusive("One run per deal", referral.engagementId, function()
      return scope("(Scope) Synchronize the lead or opportunity", function()
        return again.while_changed(function()
          return synchronize(referral)
        end)
      end)
    end)
  end,
}
