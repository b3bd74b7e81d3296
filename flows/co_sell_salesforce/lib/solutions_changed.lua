--- The solutions of an opportunity were changed: in its own field, or in a record of the object that mapping.json
-- names.

local salesforce = connection "salesforce"
local change = require "lib.change"
local changed = require "lib.changed"
local conclude = require "co_sell.conclude"
local solution_rows = require "co_sell.solution_rows"
local is_set = require("co_sell.values").is_set

local M = {}

local rows = solution_rows.rows

--- What the trigger asks for: {object, fields, condition}. What a new opportunity has in its own field is the business
-- of the flow for opportunities.
M.watched = rows and { object = rows.table, fields = { rows.column, rows.parent } }
  or { object = "Opportunity", fields = { changed.SOLUTIONS }, condition = change.is_update }

-- Also of a record that lies in the recycle bin; nil when it is in there no longer.
local function parent_of(event)
  local found = salesforce.query("Get the record of the solution", {
    soql = "SELECT " .. rows.parent .. " FROM " .. rows.table .. " WHERE Id = :id", values = { id = event.id },
    include_deleted = true,
  })
  return (found.records[1] or {})[rows.parent]
end

function M.synchronize(event)
  if rows == nil or change.is_gap(event) then
    return exclusive("One run per opportunity", event.id, function()
      return changed.synchronize(event)
    end)
  end
  local id = parent_of(event)
  if condition("If it belongs to an opportunity, then", is_set(id)) then
    return solution_rows.synchronize(id, changed.synchronize)
  elseif condition("If the record is gone, then", not change.is_there(event)) then
    return solution_rows.synchronize_differing(changed.synchronize)
  end
  return conclude("ignored", "the record belongs to no opportunity")
end

return M
