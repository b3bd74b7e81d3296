--- The state of a deal on both sides, as one word: hold, open, won or lost. It only ever moves on: from
-- hold to open to won or lost. Who is behind follows, whichever side that is.

local M = {}

local WON, LOST = 1, 2
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

function M.is_closed(state)
  return state == "won" or state == "lost"
end

--- The status reason of a new row; the CRM's own first one when the deal is closed.
function M.status_code(referral)
  local state = M.of_referral(referral)
  if state == "open" then
    return IN_PROGRESS
  end
  return state == "hold" and ON_HOLD or nil
end

--- What the row has to become to follow the referral: open, won or lost; nil when it is there, or ahead.
function M.step_for_row(row, referral)
  local wanted, current = M.of_referral(referral), M.of_row(row)
  if wanted == current or wanted == "hold" or M.is_closed(current) then
    return nil
  end
  return wanted
end

--- What to patch so that the referral follows the row; empty when it is there, or ahead.
function M.patch_for(row, referral)
  local wanted, current = M.of_row(row), M.of_referral(referral)
  if wanted == current or wanted == "hold" or M.is_closed(current) then
    return {}
  end
  if wanted == "open" then
    return { status = "Active", substatus = "Accepted" }
  elseif wanted == "won" then
    return { status = "Closed", substatus = "Won" }
  end
  return { status = "Closed", substatus = current == "hold" and "Declined" or "Lost" }
end

M.IN_PROGRESS = IN_PROGRESS

return M
