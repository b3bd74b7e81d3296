--- Leads of Salesforce, in the words of the shared library (co_sell/README.md).

local salesforce = connection "salesforce"
local map = require "co_sell.mapping"

local M = {}

local FIELDS = {
  "Id", "Status", "IsConverted", "ConvertedOpportunityId", "LastModifiedDate", map.column.sync, map.column.referral_id,
}

local function details(name, action, input)
  input.action_type = action
  return run_child_flow(name, "create_or_get_details_from_salesforce", input)
end

-- What is not answered yet is open, also while somebody works on it; so is a lead that made no opportunity.
local function seen(row)
  row.opportunity_id = row.ConvertedOpportunityId
  row.state = row.Status == env("declined_lead_status") and "declined" or "open"
  if row.IsConverted == true and row.opportunity_id ~= nil then
    row.state = "converted"
  end
  return row
end

function M.get(name, id)
  return seen(salesforce.get_record(name, { object = "Lead", id = id, select = FIELDS }))
end

function M.find(name, own)
  local found = salesforce.query(name, {
    soql = "SELECT " .. text.join(FIELDS, ", ") .. " FROM Lead WHERE " .. map.column.referral_id .. " = :id",
    values = { id = own.id },
  })
  return found.records[1] and seen(found.records[1])
end

--- The leads that carry a referral: {id, referral_id}.
function M.linked(name)
  local referral_id = map.column.referral_id
  local found = salesforce.query(name,
    { soql = "SELECT Id, " .. referral_id .. " FROM Lead WHERE " .. referral_id .. " != NULL" })
  return list.map(found.records, function(row)
    return { id = row.Id, referral_id = row[referral_id] }
  end)
end

function M.write(name, row, changes)
  salesforce.update_record(name,
    { object = "Lead", id = row.Id, unmodified_since = row.LastModifiedDate, changes = changes })
end

function M.create(name, own)
  return details(name, "CreateLead", { referral = own })
end

function M.decline(name, row)
  details(name, "UpdateLead", {
    id = row.Id, unmodified_since = row.LastModifiedDate, changes = { Status = env("declined_lead_status") },
  })
end

return M
