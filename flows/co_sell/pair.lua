--- The two halves of a deal: ours, and the one that asks Microsoft for help (target "msft").

local referrals = connection "partner_center_referrals"
local crm = require "lib.crm"
local is_set = require("co_sell.values").is_set

local M = {}

-- X-Caller-Id of this program: Partner Center keeps it as the origin of the last write.
M.caller_id = "8e6f4c1d-52b7-4a0e-9d3a-6b1c7f20e954"

function M.is_microsoft_half(referral)
  for _, target in ipairs(referral.target or {}) do
    if target.id == "msft" then
      return true
    end
  end
  return false
end

-- Lists show a new deal late; the CRM's row knows the id of our half.
local function own_half_by_row(referral)
  local id = crm.referral_of("Find the CRM record by Microsoft's half", referral.externalReferenceId)
  return is_set(id) and referrals.get_referral("Get our half by the CRM record", { id = id }) or nil
end

--- Our half, read again: the event is only a hint, and it may be about Microsoft's half.
function M.own_half(name, referral)
  if not M.is_microsoft_half(referral) then
    return referrals.get_referral(name, { id = referral.id })
  end
  local found = referrals.list_referrals(name, { filter = "engagementId eq '" .. referral.engagementId .. "'" })
  for _, half in ipairs(found.referrals) do
    if not M.is_microsoft_half(half) then
      return half
    end
  end
  return own_half_by_row(referral)
end

--- A shared deal that is open and that no CRM row belongs to.
function M.is_new_shared(own)
  return own.type == "Shared" and own.status ~= "Closed" and not is_set(own.externalReferenceId)
end

function M.why_ignored(own)
  if own.status == "Closed" then
    return "closed as " .. tostring(own.substatus)
  elseif own.type ~= "Shared" then
    return "a lead; only co-sell opportunities are synchronized"
  end
  return "no lead or opportunity " .. tostring(own.externalReferenceId)
end

-- The last write to the referral was ours: there is nothing of a person to take over.
local function is_own_write(own)
  return own.lastModifiedVia == M.caller_id
end

--- Who was there last, for a run that a change in Partner Center has started: the CRM, when the change was ours or
-- a person has changed the row since. A closed deal is the last word.
function M.later_than_row(own, row, our_user)
  if own.status == "Closed" then
    return "partner_center"
  end
  local is_row_newer = row.modified_by ~= our_user and time.difference(own.updatedDateTime, row.modified_at) > 0
  return (is_own_write(own) or is_row_newer) and "crm" or "partner_center"
end

--- The same for a person who asks: which of the two sides the deal is carried over from. What was won or lost in the
-- CRM alone is news from there.
function M.right_side(own, row, our_user)
  local is_closed_here_only = (row.state == "won" or row.state == "lost") and own.status ~= "Closed"
  return is_closed_here_only and "crm" or M.later_than_row(own, row, our_user)
end

--- The same for a run that a change in the CRM has started. With a win or a loss go all fields; and the CRMs keep
-- full seconds.
function M.later_than_referral(own, row)
  local is_open = row.state == "hold" or row.state == "open"
  local is_referral_newer = is_open and not is_own_write(own)
    and time.difference(row.modified_at, own.updatedDateTime) > 1
  return is_referral_newer and "partner_center" or "crm"
end

return M
