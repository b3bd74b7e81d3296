--- The solutions of an opportunity were changed: in its own column, or in a row of the table that mapping.json names.

local changed = require "lib.changed"
local conclude = require "co_sell.conclude"
local map = require "co_sell.mapping"
local solution_rows = require "co_sell.solution_rows"
local is_set = require("co_sell.values").is_set

local M = {}

local rows = solution_rows.rows

--- What the trigger asks for: {table, message, columns, filter}.
M.watched = rows and {
  table = rows.table, message = "added_modified_or_deleted", columns = { rows.column, rows.parent, "statecode" },
} or {
  table = "opportunity", message = "modified", columns = { changed.SOLUTIONS }, filter = map.column.sync .. " eq true",
}

local function is_deleted(event)
  return event.message == "Delete"
end

local function parent_of(event)
  return event.row["_" .. rows.parent .. "_value"]
end

--- Whose runs take turns, and whose newest stands for those that wait: the rows of one opportunity, and all that were
-- deleted.
M.turn = rows and function(event)
  return is_deleted(event) and "deleted rows" or parent_of(event) or event.id
end

function M.synchronize(event)
  if rows == nil then
    return solution_rows.synchronize(event.id, changed.synchronize)
  elseif condition("If the row was deleted, then", is_deleted(event)) then
    return solution_rows.synchronize_differing(changed.synchronize)
  end
  local id = parent_of(event)
  if condition("If it belongs to no opportunity, then", not is_set(id)) then
    return conclude("ignored", "the row belongs to no opportunity")
  end
  return solution_rows.synchronize(id, changed.synchronize)
end

return M
