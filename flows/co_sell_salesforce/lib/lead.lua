--- Leads of Partner Center: independent referrals. One that was accepted is an opportunity; any other is a lead.

local salesforce = connection "salesforce"
local map = require "co_sell.mapping"

local M = {}

local FIELDS = { "Id", "Status", "IsConverted", "ConvertedOpportunityId", "LastModifiedDate" }

local function details(name, action, input)
  input.action_type = action
  return run_child_flow(name, "create_or_get_details_from_salesforce", input)
end

--- Whether leads are synchronized, and the referral is one.
function M.is_lead(own)
  return own.type ~= "Shared" and env("sync_co_sell_only") ~= true
end

function M.fields()
  return list.concat(FIELDS, { map.column.sync, map.column.referral_id })
end

local function find(own)
  local found = salesforce.query("Find the lead", {
    soql = "SELECT " .. text.join(M.fields(), ", ") .. " FROM Lead WHERE " .. map.column.referral_id .. " = :id",
    values = { id = own.id },
  })
  return found.records[1]
end

--- Brings a lead that was not accepted into Salesforce; the lead, or nil when there is nothing to do.
function M.synchronize(own)
  local lead = find(own)
  if condition("If it's new lead, then", lead == nil and own.status == "New") then
    outcome("created", "lead")
    return details("Creating a new lead in the CRM", "CreateLead", { referral = own })
  end
  local is_behind = lead ~= nil and own.status == "Closed" and lead.IsConverted ~= true
    and lead.Status ~= env("declined_lead_status")
  if condition("If the lead was closed in Partner Center, then", is_behind) then
    details("Update existing lead", "UpdateLead", {
      id = lead.Id, unmodified_since = lead.LastModifiedDate, changes = { Status = env("declined_lead_status") },
    })
    outcome("updated", "Status")
  elseif lead ~= nil then
    outcome("no change")
  end
  return lead
end

return M
