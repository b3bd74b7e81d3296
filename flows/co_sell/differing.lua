--- Which deals and opportunities say something else of one field. For what no event names: a row that was deleted does
-- not say whose it was.

local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local states = require "co_sell.states"

local M = {}

-- What is over takes nothing any more.
local function is_open(each)
  return each.own.status ~= "Closed" and not states.is_closed(each.row.state)
end

--- The ids of the linked opportunities that are open and differ.
function M.by(field)
  local ids = array {}
  local matched = linked.matched(linked.deals(), linked.opportunities())
  foreach("Compare each page of pairs", linked.pages(matched.pairs), function(page)
    for _, each in ipairs(linked.read(page)) do
      local diff = map.difference(each.own, each.row, "crm", { only = { [field] = true } })
      if is_open(each) and diff.any then
        ids[#ids + 1] = each.row.id
      end
    end
  end)
  return ids
end

return M
