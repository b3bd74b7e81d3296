--- The state of a deal on both sides, as one word: hold, open, won or lost. It only ever moves on: from
-- hold to open to won or lost. Who is behind follows, whichever side that is. What the word of a row is,
-- the pack says (row.state, set by lib/crm.lua).

local M = {}

function M.of_referral(referral)
  if referral.status == "Closed" then
    return referral.substatus == "Won" and "won" or "lost"
  end
  return referral.status == "Active" and "open" or "hold"
end

function M.is_closed(state)
  return state == "won" or state == "lost"
end

-- Nobody goes back: to hold, or out of won and lost.
local function is_step(from, to)
  return from ~= to and to ~= "hold" and not M.is_closed(from)
end

--- What the row has to become to follow the referral: open, won or lost; nil when it is there, or ahead.
function M.step_for_row(row, referral)
  local wanted = M.of_referral(referral)
  return is_step(row.state, wanted) and wanted or nil
end

--- What to patch so that the referral follows the row; empty when it is there, or ahead.
function M.patch_for(row, referral)
  local current = M.of_referral(referral)
  if not is_step(current, row.state) then
    return {}
  elseif row.state == "open" then
    return { status = "Active", substatus = "Accepted" }
  elseif row.state == "won" then
    return { status = "Closed", substatus = "Won" }
  end
  return { status = "Closed", substatus = current == "hold" and "Declined" or "Lost" }
end

return M
