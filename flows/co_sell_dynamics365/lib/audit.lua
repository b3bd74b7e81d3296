--- The Audit column: one line for each attempt, newest last, within what the column can hold.

local MAX = 4000

local M = {}

--- Whether the newest line says this already: the same answer twice is one line.
function M.says(row, sentence)
  return text.ends_with(row.msft_audit or "", " - " .. sentence)
end

--- The column's new text. Whole lines fall out at the start when it gets too long.
function M.line(row, sentence)
  local all = time.format(now(), "yyyy-MM-dd HH:mm") .. " - " .. sentence
  if row.msft_audit ~= nil and row.msft_audit ~= "" then
    all = row.msft_audit .. "\n" .. all
  end
  while #all > MAX and string.find(all, "\n", 1, true) do
    all = string.sub(all, string.find(all, "\n", 1, true) + 1)
  end
  return text.truncate_bytes(all, MAX)
end

return M
