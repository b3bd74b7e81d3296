--- The Audit column: one line for each attempt, newest last, within what the column can hold.

local MAX = 4000

local M = {}

function M.line(row, sentence)
  local stamp = time.format(now(), "yyyy-MM-dd HH:mm") .. " - " .. sentence
  local before = row.msft_audit
  if before == nil or before == null or before == "" then
    return stamp
  end
  local all = before .. "\n" .. stamp
  return #all <= MAX and all or string.sub(all, #all - MAX + 1)
end

return M
