--- The two halves of a deal: ours, and the one that asks Microsoft for help (target "msft").

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"
local map = require "lib.mapping"

local M = {}

-- X-Caller-Id of this program: Partner Center keeps it as the origin of the last write.
M.caller_id = "8e6f4c1d-52b7-4a0e-9d3a-6b1c7f20e954"

local function is_set(value)
  return value ~= nil and value ~= null and value ~= ""
end
M.is_set = is_set

function M.is_microsoft_half(referral)
  for _, target in ipairs(referral.target or {}) do
    if target.id == "msft" then
      return true
    end
  end
  return false
end

local function is_guid(value)
  return is_set(value) and string.find(value, "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+$") ~= nil
end

-- Lists show a new deal late; the CRM's row knows the id of our half.
local function own_half_by_row(referral)
  if not is_guid(referral.externalReferenceId) then
    return nil
  end
  local found = crm.list_rows("Find the CRM record by Microsoft's half",
    { table = "opportunity", filter = "opportunityid eq " .. referral.externalReferenceId })
  local id = (found.rows[1] or {}).msft_referralidentifier
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

--- The CRM's row of a deal: by CRM ID, then by Referral Identifier. Both at once, so that a row that
-- was made a moment ago and does not carry the referral's id yet is found as well.
function M.find_row(name, own)
  local filter = "msft_referralidentifier eq '" .. own.id .. "'"
  if is_guid(own.externalReferenceId) then
    filter = filter .. " or opportunityid eq " .. own.externalReferenceId
  end
  local found = crm.list_rows(name, { table = "opportunity", filter = filter, expand = map.expand })
  for _, row in ipairs(found.rows) do
    if row.id == own.externalReferenceId then
      return row
    end
  end
  return found.rows[1]
end

--- A shared deal that is open and that no CRM row belongs to.
function M.is_new_shared(own)
  return own.type == "Shared" and own.status ~= "Closed" and not is_set(own.externalReferenceId)
end

function M.why_ignored(own)
  if own.status == "Closed" then
    return "closed as " .. tostring(own.substatus)
  elseif own.type ~= "Shared" then
    return env("sync_co_sell_only") == true and "a lead; only co-sell opportunities are synchronized"
      or "a lead; leads are not synchronized yet"
  end
  return "no lead or opportunity " .. tostring(own.externalReferenceId)
end

--- The last write to the referral was ours: there is nothing of a person to take over.
function M.is_own_write(own)
  return own.lastModifiedVia == M.caller_id
end

--- A person changed the row after the referral was last changed.
function M.is_row_newer(row, own, our_user)
  return row._modifiedby_value ~= our_user and time.difference(own.updatedDateTime, row.modifiedon) > 0
end

return M
