--- An opportunity was saved: makes its deal, or brings the change into it.

local salesforce = connection "salesforce"
local change = require "lib.change"
local conclude = require "co_sell.conclude"
local map = require "co_sell.mapping"
local is_set = require("co_sell.values").is_set

local M = {}

--- What its solutions are in; a flow of its own watches them.
M.SOLUTIONS = map.rule("details/requirements/solutions").row

function M.synchronize(event)
  if condition("If events are missing, then", change.is_gap(event)) then
    return conclude("ignored", "Salesforce no longer has the events of this time; save what has changed since again")
  end
  local row = salesforce.get_record("Get the opportunity",
    { object = "Opportunity", id = event.id, select = { map.column.sync, map.column.referral_id } })
  if condition("If Sync with Partner Center is Yes, then", row[map.column.sync] ~= true) then
    return conclude("ignored", "Sync with Partner Center is No")
  end
  local referral_id = row[map.column.referral_id]
  if condition("If it has no referral yet, then", not is_set(referral_id)) then
    run_child_flow("Create Co-sell Referral - Salesforce to Partner Center", "create_co_sell_referral",
      { id = row.id })
    return conclude("created")
  end
  local result = run_child_flow("Salesforce to Partner Center", "salesforce_to_partner_center",
    { id = row.id, referral_id = referral_id })
  return conclude(result.outcome, result.reason)
end

return M
