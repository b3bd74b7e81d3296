--- Salesforce Leads to Partner Center: a lead was converted or declined.
local again = require "co_sell.again"
local change = require "lib.change"
local conclude = require "co_sell.conclude"
local lead = require "lib.lead"
local leads = require "co_sell.leads"
local map = require "co_sell.mapping"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

return flow {
  title = "Salesforce Leads to Partner Center",
  trigger = trigger.salesforce_change_event {
    title = "When a record is modified",
    object = "Lead",
    fields = { "Status", "IsConverted", map.column.sync },
    condition = function(event) return change.is_there(event) and not change.is_gap(event) end,
  },

  run = function(event)
    local row = lead.get("Get the lead", event.id)
    local id = row[map.column.referral_id]
    if condition("If it is not of Partner Center, then", row[map.column.sync] ~= true or not is_set(id)) then
      return conclude("ignored", "the lead is not synchronized with Partner Center")
    end
    local known = referrals.get_referral("Get the referral", { id = id })
    track { referral = id, engagement = known.engagementId, crm_id = row.id }
    return exclusive("One run per deal", known.engagementId, function()
      return again.while_changed(function()
        return leads.to_referral(row, referrals.get_referral("Existing referrals objects", { id = id }))
      end)
    end)
  end,
}
