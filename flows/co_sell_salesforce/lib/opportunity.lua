--- Writing an opportunity from a referral: what is left to the flow [Customize] Create or Get Details from Salesforce.

local salesforce = connection "salesforce"
local stages = require "lib.stages"

local M = {}

--- The new opportunity of a deal, and what could not be done about its people: nil when all was.
function M.create(own)
  local made = run_child_flow("Creating a new opportunity in the CRM", "create_or_get_details_from_salesforce",
    { action_type = "CreateOpportunity", referral = own })
  return made, made.problem
end

--- Writes {changes, step} of a difference.
function M.update(row, wanted)
  local changes = wanted.changes
  changes.StageName = wanted.step and stages.of(wanted.step) or nil
  run_child_flow("Update existing opportunity", "create_or_get_details_from_salesforce", {
    action_type = "UpdateOpportunity", id = row.Id, unmodified_since = row.LastModifiedDate, changes = changes,
  })
end

--- Changes that are no difference of the two sides: links and Audit.
function M.write(name, row, changes)
  salesforce.update_record(name,
    { object = "Opportunity", id = row.Id, unmodified_since = row.LastModifiedDate, changes = changes })
end

return M
