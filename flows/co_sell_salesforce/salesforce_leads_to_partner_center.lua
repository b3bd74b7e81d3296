--- Salesforce Leads to Partner Center: a lead was converted or declined.
local again = require "co_sell.again"
local audit = require "co_sell.audit"
local crm = require "lib.crm"
local leads = require "lib.lead"
local map = require "co_sell.mapping"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"
local salesforce = connection "salesforce"

-- The opportunity of a converted lead belongs to the deal from then on.
local function link(id, own)
  local row = crm.get("Get the opportunity of the lead", id)
  local is_complete = map.of_row(row, "details/dealValue") ~= nil and map.of_row(row, "details/closingDateTime") ~= nil
  local sentence = is_complete and "The lead was accepted."
    or "The lead is not accepted yet: " .. crm.revenue .. " and " .. crm.close_date .. " are required."
  salesforce.update_record("Link the opportunity with the referral", {
    object = "Opportunity", id = row.Id, unmodified_since = row.LastModifiedDate,
    changes = audit.with_line({
      [map.column.sync] = true, [map.column.referral_id] = own.id, [map.column.link] = map.link(own.id),
    }, row, sentence),
  })
  return is_complete, sentence
end

local function synchronize(lead, own)
  if condition("If the lead was converted, then", lead.IsConverted == true) then
    local is_complete, sentence = link(lead.ConvertedOpportunityId, own)
    if condition("If revenue or closing date is missing, then", not is_complete) then
      return outcome("refused", sentence)
    end
    referrals.patch_referral("Accept the lead", { id = own.id, etag = own.eTag,
      changes = { status = "Active", substatus = "Accepted", externalReferenceId = lead.ConvertedOpportunityId } })
    return outcome("updated", "accepted")
  elseif condition("If the lead was declined, then", lead.Status == env("declined_lead_status")) then
    referrals.patch_referral("Decline the lead",
      { id = own.id, etag = own.eTag, changes = { status = "Closed", substatus = "Declined" } })
    return outcome("updated", "declined")
  end
  return outcome("no change")
end

return flow {
  title = "Salesforce Leads to Partner Center",
  trigger = trigger.salesforce_change_event {
    title = "When a record is modified",
    object = "Lead",
    fields = { "Status", "IsConverted", map.column.sync },
    condition = function(event) return event.change ~= "DELETE" and event.change ~= "LOST" end,
  },

  run = function(event)
    local lead = salesforce.get_record("Get the lead", { object = "Lead", id = event.id, select = leads.fields() })
    local id = lead[map.column.referral_id]
    if condition("If it is not of Partner Center, then", lead[map.column.sync] ~= true or not is_set(id)) then
      return outcome("ignored", "the lead is not synchronized with Partner Center")
    end
    local known = referrals.get_referral("Get the referral", { id = id })
    return exclusive("One run per deal", known.engagementId, function()
      again.while_changed(function()
        local own = referrals.get_referral("Existing referrals objects", { id = id })
        if condition("If the lead was answered already, then", own.status ~= "New") then
          return outcome("no change")
        end
        synchronize(lead, own)
      end)
    end)
  end,
}
