--- Writing an opportunity from a referral.

local crm = connection "dynamics365"
local map = require "lib.mapping"
local states = require "lib.states"

local M = {}

function M.create(own)
  local found = run_child_flow("Partner Center to Dynamics 365 - Helper", "partner_center_to_dynamics365_helper",
    { currency = own.details.currency, customer = own.customerProfile })
  return crm.create_row("Creating a new opportunity in the CRM",
    { table = "opportunity", key = { "engagement", own.engagementId }, row = map.to_crm(own, found) })
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
