--- The people of a deal: its owner and sales team in the CRM, its team in Partner Center, by e-mail address.

local crm = require "lib.crm"
local members = require "co_sell.members"

local M = {}

-- Of the members that the CRM does not name: those whom it could not name, because it does not know them.
local function strangers(team, named)
  local others, emails = {}, {}
  for _, member in ipairs(team or {}) do
    local key = members.key_of(member.email)
    if key == nil or named[key] == nil then
      others[#others + 1] = member
      emails[#emails + 1] = key and member.email
    end
  end
  local users = #emails > 0 and crm.users_with(emails) or {}
  local out = {}
  for _, member in ipairs(others) do
    if users[members.key_of(member.email) or ""] == nil then
      out[#out + 1] = member
    end
  end
  return out
end

--- The team that a referral should have: the CRM's people, then whom the CRM does not know. A deal keeps
-- its team when the CRM has nobody for it.
function M.wanted(own, row)
  local ours, theirs = crm.team_of(row), members.by_email(own.team)
  if #ours == 0 then
    return own.team
  end
  local out = array {}
  for _, member in ipairs(ours) do
    out[#out + 1] = theirs[members.key_of(member.email)] or member
  end
  for _, member in ipairs(strangers(own.team, members.by_email(ours))) do
    out[#out + 1] = member
  end
  return out
end

--- The CRM's users of a referral's team: {owner_id, others, unknown}. The first one in the team's order
-- becomes the owner; `unknown` lists the addresses that no user has who could sell.
function M.in_crm(team)
  local out, emails = { others = array {}, unknown = array {} }, {}
  for _, member in ipairs(team or {}) do
    if members.key_of(member.email) then
      emails[#emails + 1] = member.email
    end
  end
  local users = #emails > 0 and crm.users_with(emails) or {}
  for _, email in ipairs(emails) do
    local user = users[members.key_of(email)]
    if user == nil or not user.sells then
      out.unknown[#out.unknown + 1] = email
    elseif out.owner_id == nil then
      out.owner_id = user.id
    elseif user.id ~= out.owner_id then
      out.others[#out.others + 1] = user.id
    end
  end
  return out
end

--- What could not be done about a new row's people, as one sentence; nil when all was.
function M.problems(found, refusal, team_problem)
  local out = {}
  if refusal then
    out[#out + 1] = "the first of the team may not own it: " .. refusal
  end
  if #found.unknown > 0 then
    out[#out + 1] = "no CRM user has the address " .. text.join(found.unknown, ", ")
  end
  out[#out + 1] = team_problem
  return #out > 0 and text.join(out, "; ") or nil
end

return M
