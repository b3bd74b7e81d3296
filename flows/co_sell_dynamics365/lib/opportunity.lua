--- Writing an opportunity from a referral.

local dynamics = connection "dynamics365"
local children = require "co_sell.children"
local map = require "co_sell.mapping"
local opportunity_row = require "lib.opportunity_row"
local people = require "co_sell.people"
local states = require "co_sell.states"

local M = {}

local IN_PROGRESS, ON_HOLD = 1, 2

-- Connection roles of the category "Sales Team".
local ROLES = "category eq 1001 and statecode eq 0"

-- The status reason of a new row; the CRM's own first one when the deal is closed.
local STATUS_CODE = { open = IN_PROGRESS, hold = ON_HOLD }

local function bind(changes, currency_id)
  changes.transactioncurrencyid = nil
  changes["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" .. currency_id .. ")"
end

local function new_row(own, found)
  local row = map.to_crm(own)
  bind(row, found.currency_id)
  row.isrevenuesystemcalculated = false
  row.statuscode = STATUS_CODE[states.of_referral(own)]
  row["parentaccountid@odata.bind"] = found.account_id and "/accounts(" .. found.account_id .. ")" or nil
  row["ownerid@odata.bind"] = found.people.owner_id and "/systemusers(" .. found.people.owner_id .. ")" or nil
  return row
end

-- A user who may not own opportunities, or was switched off a moment ago, is no reason to lose the deal. The
-- CRM has several codes for that: whatever it refuses is tried without the owner, and fails then if it was not that.
local function create_row(own, found)
  local input = { table = "opportunity", key = { "engagement", own.engagementId }, row = new_row(own, found) }
  local done = try("Create the opportunity", function()
    return dynamics.create_row("Creating a new opportunity in the CRM", input)
  end)
  local is_refused = done.status == "Failed" and not done.error.retryable and found.people.owner_id ~= nil
  if condition("If its owner is not allowed, then", is_refused) then
    input.row["ownerid@odata.bind"] = nil
    return dynamics.create_row("Creating it without the owner", input), done.error.message
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  return done.value
end

local function create_children(own, row)
  foreach("Each row of a child table", children.of_referral(own), function(child)
    dynamics.create_row("Create the child row", {
      table = child.table, key = { row.id, child.value },
      row = { [child.column] = child.value, [child.parent .. "@odata.bind"] = "/opportunities(" .. row.id .. ")" },
    })
  end)
end

local function sales_team_role()
  local found = dynamics.list_rows("Find a role of the sales team",
    { table = "connectionrole", filter = ROLES, select = { "name" }, orderby = "name asc", top = 1 })
  return found.rows[1]
end

-- Puts users into the sales team of a new opportunity. A reason when that was not possible.
local function join_sales_team(row, users)
  local done = try("Add the sales team", function()
    local role = sales_team_role()
    if condition("If the CRM has no role for the sales team, then", role == nil) then
      return "the CRM has no connection role of the category Sales Team"
    end
    for _, id in ipairs(users) do
      dynamics.create_row("Add to the sales team", {
        table = "connection", key = { "sales team", row.id, id },
        row = {
          ["record1id_opportunity@odata.bind"] = "/opportunities(" .. row.id .. ")",
          ["record2id_systemuser@odata.bind"] = "/systemusers(" .. id .. ")",
          ["record2roleid@odata.bind"] = "/connectionroles(" .. role.id .. ")",
        },
      })
    end
  end)
  return done.error and "the sales team was not taken over: " .. done.error.message or done.value
end

--- The new row of a deal, and what could not be done about its people: nil when all was.
function M.create(own)
  local found = run_child_flow("Partner Center to Dynamics 365 - Helper", "partner_center_to_dynamics365_helper",
    { currency = own.details.currency, customer = own.customerProfile, team = own.team })
  found.people = found.people or { others = {}, unknown = {} }
  local row, refusal = create_row(own, found)
  create_children(own, row)
  local team_problem
  scope("Update owner and sales team", function()
    if condition("If more people belong to the deal, then", #found.people.others > 0) then
      team_problem = join_sales_team(row, found.people.others)
    end
  end)
  return row, people.problems(found.people, refusal, team_problem)
end

--- Changes of an opportunity with the CRM's id of the currency.
function M.resolved(changes)
  if changes.transactioncurrencyid then
    local found = run_child_flow("Find the currency", "partner_center_to_dynamics365_helper",
      { currency = changes.transactioncurrencyid })
    bind(changes, found.currency_id)
  end
  return changes
end

M.write = opportunity_row.write

--- Writes {changes, step} of a difference: fields first, because a closed row takes none.
function M.update(row, wanted)
  local changes, step = M.resolved(wanted.changes), wanted.step
  if step == "open" then
    changes.statuscode = IN_PROGRESS
  end
  if next(changes) ~= nil then
    dynamics.update_row("Update existing opportunity",
      { table = "opportunity", id = row.id, etag = row.etag, changes = changes })
  end
  if condition("If the deal was won, then", step == "won") then
    dynamics.win_opportunity("Close the opportunity as won", { id = row.id, subject = "Won in Partner Center" })
  elseif condition("If the deal was lost, then", step == "lost") then
    dynamics.lose_opportunity("Close the opportunity as lost", { id = row.id, subject = "Closed in Partner Center" })
  end
end

return M
