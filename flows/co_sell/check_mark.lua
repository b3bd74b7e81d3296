--- The mark before an opportunity's name: how its last synchronization went. It is no part of the name.

local values = require "co_sell.values"

local M = { SUCCESS = "✓ ", FAILURE = "✗ " }

--- The name without a mark.
function M.strip(name)
  return text.strip_prefix(text.strip_prefix(name or "", M.SUCCESS), M.FAILURE)
end

--- The name with this mark, within what its column holds; without one where marks are switched off.
function M.with(mark, name, max)
  local shown = (env("display_check_mark") == true and mark or "") .. M.strip(name)
  return max and values.cut(shown, max) or shown
end

--- Whether a column that holds `max` says this name, with a mark, without one, or cut.
function M.is_same(name, shown, max)
  local whole, seen = M.strip(name), M.strip(shown)
  if whole == seen then
    return true
  end
  return max ~= nil and (values.cut(whole, max) == seen or values.cut(M.SUCCESS .. whole, max) == M.SUCCESS .. seen)
end

return M
