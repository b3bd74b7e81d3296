--- Writing an opportunity from a referral.

local crm = connection "dynamics365"
local map = require "lib.mapping"
local people = require "lib.people"
local states = require "lib.states"

local M = {}

-- A user who may not own opportunities, or was switched off a moment ago, is no reason to lose the deal. The
-- CRM has several codes for that: whatever it refuses is tried without the owner, and fails then if it was not that.
local function create_row(own, found)
  local input = { table = "opportunity", key = { "engagement", own.engagementId }, row = map.to_crm(own, found) }
  local done = try("Create the opportunity", function()
    return crm.create_row("Creating a new opportunity in the CRM", input)
  end)
  local is_refused = done.status == "Failed" and not done.error.retryable and found.owner_id ~= nil
  if condition("If its owner is not allowed, then", is_refused) then
    found.owner_id = nil
    input.row = map.to_crm(own, found)
    return crm.create_row("Creating it without the owner", input), done.error.message
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  return done.value
end

--- The new row of a deal, and what could not be done about its people: nil when all was.
function M.create(own)
  local found = run_child_flow("Partner Center to Dynamics 365 - Helper", "partner_center_to_dynamics365_helper",
    { currency = own.details.currency, customer = own.customerProfile, team = own.team })
  local team = found.people or { others = {}, unknown = {} }
  found.owner_id = team.owner_id
  local row, refusal = create_row(own, found)
  local problems = {}
  if refusal then
    problems[#problems + 1] = "the first of the team may not own it: " .. refusal
  end
  if #team.unknown > 0 then
    problems[#problems + 1] = "no CRM user has the address " .. text.join(team.unknown, ", ")
  end
  scope("Update owner and sales team", function()
    if condition("If more people belong to the deal, then", #team.others > 0) then
      problems[#problems + 1] = people.join_sales_team(row, team.others)
    end
  end)
  return row, #problems > 0 and text.join(problems, "; ") or nil
end

--- Writes what a difference asks for: fields first, because a closed row takes none.
function M.update(row, diff)
  local changes = diff.to_crm
  if changes.currency then
    local found = run_child_flow("Find the currency", "partner_center_to_dynamics365_helper",
      { currency = changes.currency })
    changes.currency = nil
    changes["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" .. found.currency_id .. ")"
  end
  if diff.step == "open" then
    changes.statuscode = states.IN_PROGRESS
  end
  if next(changes) ~= nil then
    crm.update_row("Update existing opportunity",
      { table = "opportunity", id = row.id, etag = row.etag, changes = changes })
  end
  if condition("If the deal was won, then", diff.step == "won") then
    crm.win_opportunity("Close the opportunity as won", { id = row.id, subject = "Won in Partner Center" })
  elseif condition("If the deal was lost, then", diff.step == "lost") then
    crm.lose_opportunity("Close the opportunity as lost", { id = row.id, subject = "Closed in Partner Center" })
  end
end

return M
