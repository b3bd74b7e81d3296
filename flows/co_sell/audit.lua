--- The Audit column: one line for each attempt, newest last, within what the column can hold.

local check_mark = require "co_sell.check_mark"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local states = require "co_sell.states"

local column = map.column

local M = {}

--- Whether the newest line says this already: the same answer twice is one line.
function M.says(row, sentence)
  return text.ends_with(row[column.audit] or "", " - " .. sentence)
end

--- Whether any line has this in it.
function M.has(row, part)
  return string.find(row[column.audit] or "", part, 1, true) ~= nil
end

--- What the newest line says; nil when there is none.
function M.newest(row)
  local lines = text.lines(row and row[column.audit] or "")
  return lines[#lines] and string.match(lines[#lines], "^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d %- (.*)$")
end

--- The column's new text. Whole lines fall out at the start when it gets too long.
function M.line(row, sentence)
  local all = time.format(now(), "yyyy-MM-dd HH:mm") .. " - " .. sentence
  local before = row[column.audit]
  if before ~= nil and before ~= "" then
    all = before .. "\n" .. all
  end
  while #all > crm.AUDIT_MAX and string.find(all, "\n", 1, true) do
    all = string.sub(all, string.find(all, "\n", 1, true) + 1)
  end
  return text.truncate_bytes(all, crm.AUDIT_MAX)
end

-- The mark before the name, where that is another one. A closed record takes no other name.
local function put_mark(changes, row, mark)
  if mark == nil or env("display_check_mark") ~= true or states.is_closed(row.state) then
    return
  end
  local rule = map.rule("name")
  local shown = check_mark.with(mark, row[rule.row], rule.max)
  if shown ~= row[rule.row] then
    changes[rule.row] = shown
  end
end

--- The changes with the new line in them; without it when Audit says so already. `mark`: check_mark.SUCCESS or
-- check_mark.FAILURE, put before the name.
function M.with_line(changes, row, sentence, mark)
  changes = changes or {}
  put_mark(changes, row, mark)
  if sentence and not M.says(row, sentence) then
    changes[column.audit] = M.line(row, sentence)
  end
  return changes
end

return M
