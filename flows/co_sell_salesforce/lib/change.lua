--- What Salesforce's change events say.

local M = {}

--- The record of a change event: its runs take turns, and the newest stands for those that wait.
function M.record_of(event)
  return event.id
end

function M.is_there(event)
  return event.change ~= "DELETE" and event.change ~= "GAP_DELETE"
end

--- A new opportunity is the business of the flow for opportunities.
function M.is_update(event)
  return M.is_there(event) and event.change ~= "CREATE" and event.change ~= "GAP_CREATE"
end

--- Salesforce no longer has the events of some time, or had too many to tell them one by one.
function M.is_gap(event)
  return event.change == "LOST" or event.change == "GAP_OVERFLOW"
end

return M
