--- The solutions of an opportunity were changed, where the CRM keeps them in rows of a table: which opportunities that
-- are, and each of them synchronized.

local conclude = require "co_sell.conclude"
local differing = require "co_sell.differing"
local map = require "co_sell.mapping"

local M = {}

local rule = map.rule("details/requirements/solutions")

--- {table, parent, column} of mapping.json; nil where the opportunity has a column for them.
M.rows = rule.rows

--- `synchronize` one opportunity, in turn with its other changes.
function M.synchronize(id, synchronize)
  return exclusive("One run per opportunity", id, function()
    return synchronize { id = id }
  end)
end

--- A row was deleted, so nobody can say whose it was: every opportunity is synchronized that differs.
function M.synchronize_differing(synchronize)
  local updated, left = 0, 0
  foreach("Each opportunity with other solutions", differing.by(rule.field), function(id)
    local is_updated = M.synchronize(id, synchronize).outcome == "updated"
    updated, left = updated + (is_updated and 1 or 0), left + (is_updated and 0 or 1)
  end)
  if condition("If any deal was changed, then", updated > 0) then
    return conclude("updated", rule.field .. " of " .. updated .. (updated == 1 and " deal" or " deals"))
  end
  return conclude("no change", left > 0 and rule.field .. " of " .. left .. " were not carried over" or nil)
end

return M
