--- What the CRM keeps as rows of a child table, such as the solutions of an opportunity: `rows` of a row of
-- mapping.json. Everything else sees the one text that a column would hold: "SOL-1, SOL-2".

local map = require "co_sell.mapping"
local is_set = require("co_sell.values").is_set

local M = {}

-- The values of each parent, by its key. A row in which nobody has entered one yet says nothing.
local function by_parent(found, key_of)
  local out = {}
  for _, child in ipairs(found) do
    local key = key_of(child.parent)
    out[key] = out[key] or {}
    out[key][#out[key] + 1] = is_set(child.value) and child.value or nil
  end
  return out
end

--- Puts the values of child rows into these records. `find(rows, ids)` reads the child rows of records:
-- {parent, value}; `key_of(id)` is the same for two ids of one record.
function M.read_into(records, find, key_of)
  local ids = list.map(records, "id")
  for _, rule in ipairs(#ids > 0 and map.children() or {}) do
    local values = by_parent(find(rule.rows, ids), key_of)
    for _, record in ipairs(records) do
      record[rule.row] = text.join(values[key_of(record.id)] or {}, ", ")
    end
  end
  return records
end

--- The child rows of a new record: {table, parent, column, value} of each.
function M.of_referral(own)
  local out = {}
  for _, rule in ipairs(map.children()) do
    for _, value in ipairs(text.split(map.of_referral(own, rule.referral) or "", ",")) do
      local rows = rule.rows
      out[#out + 1] = { table = rows.table, parent = rows.parent, column = rows.column, value = text.trim(value) }
    end
  end
  return list.filter(out, function(each)
    return each.value ~= ""
  end)
end

return M
