--- Synchronize now: does for one record what its next event would do.

local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local pair = require "co_sell.pair"
local sync = require "lib.sync"
local values = require "co_sell.values"

local referrals = connection "partner_center_referrals"

local M = {}

local NEWER, TO_CRM, TO_PARTNER_CENTER = "From where it was changed last", "From Partner Center", "From the CRM"

M.inputs = {
  {
    name = "record", type = "text", required = true, title = "Record",
    description = "The CRM ID or the referral's id, an address with one of them, or the opportunity's exact name.",
  },
  {
    name = "direction", type = "choice", title = "Direction", default = NEWER,
    choices = { NEWER, TO_CRM, TO_PARTNER_CENTER },
  },
}

local function get_own(name, id)
  local done = try("Ask Partner Center", function()
    return pair.own_half("Find our half", referrals.get_referral(name, { id = id }))
  end)
  if done.error ~= nil and done.error.code ~= "NotFound" then
    error(done.error, 0)
  end
  return done.value
end

local function find_row(asked)
  local rows = crm.search("Find the CRM record", asked)
  if condition("If several have that name, then", #rows > 1) then
    fail("SeveralRecords", "The CRM has " .. #rows .. " opportunities '" .. asked .. "': "
      .. text.join(list.map(rows, "id"), ", ") .. ".", "Give the id of the one that is meant.")
  end
  return rows[1]
end

-- Both sides of what a person has named; nil for a side that there is not.
local function find(asked)
  local row = find_row(asked)
  local id = row and row[map.column.referral_id] or values.guid_in(asked)
  local own = values.is_set(id) and get_own("Get the referral", id) or nil
  if condition("If only the deal is known, then", own ~= nil and row == nil) then
    row = crm.find("Find the opportunity of the deal", own)
  end
  if condition("If there is no such record, then", own == nil and row == nil) then
    fail("RecordNotFound", "Neither the CRM nor Partner Center has a record '" .. asked .. "'.",
      "Give the CRM ID or the referral's id, and look whether the connections' users may see it.")
  end
  return own, row
end

local function is_from_partner_center(direction, own, row)
  if own == nil or row == nil then
    return row == nil
  elseif direction == TO_CRM or direction == TO_PARTNER_CENTER then
    return direction == TO_CRM
  end
  return pair.right_side(own, row, crm.our_user()) == "partner_center"
end

local function synchronize(own, row, is_inward)
  if condition("If Partner Center is where it was changed last, then", is_inward) then
    return sync.to_crm(own.id)
  end
  return sync.to_partner_center(row.id)
end

--- How the flow ended that was called.
function M.run(input)
  local own, row = find(text.trim(input.record))
  track { referral = own and own.id, crm_id = row and row.id }
  local result = synchronize(own, row, is_from_partner_center(input.direction, own, row))
  return conclude(result.outcome, result.reason)
end

return M
