--- The state of a deal on both sides, as one word: hold, open, won or lost.

local M = {}

local OPEN, WON, LOST = 0, 1, 2
local IN_PROGRESS, ON_HOLD = 1, 2

function M.of_referral(referral)
  if referral.status == "Closed" then
    return referral.substatus == "Won" and "won" or "lost"
  end
  return referral.status == "Active" and "open" or "hold"
end

function M.of_row(row)
  if row.statecode == WON then
    return "won"
  elseif row.statecode == LOST then
    return "lost"
  end
  return row.statuscode == ON_HOLD and "hold" or "open"
end

--- The status reason of an open row, or nil when the deal is closed.
function M.status_code(referral)
  local state = M.of_referral(referral)
  if state == "open" then
    return IN_PROGRESS
  end
  return state == "hold" and ON_HOLD or nil
end

--- What to patch so that the referral follows the row; empty when it is there already. A deal that
-- was accepted cannot go back on hold, and a closed one cannot change any more.
function M.patch_for(row, referral)
  local wanted, current = M.of_row(row), M.of_referral(referral)
  if wanted == current or wanted == "hold" or referral.status == "Closed" then
    return {}
  end
  if wanted == "open" then
    return { status = "Active", substatus = "Accepted" }
  elseif wanted == "won" then
    return { status = "Closed", substatus = "Won" }
  end
  return { status = "Closed", substatus = current == "hold" and "Declined" or "Lost" }
end

function M.is_closed_row(row)
  return row.statecode ~= OPEN
end

return M
