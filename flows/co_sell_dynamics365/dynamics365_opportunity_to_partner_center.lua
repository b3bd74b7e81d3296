--- Dynamics 365 Opportunity to Partner Center: an opportunity was added or changed.
local map = require "co_sell.mapping"
local is_set = require("co_sell.values").is_set

local dynamics = connection "dynamics365"

return flow {
  title = "Dynamics 365 Opportunity to Partner Center",
  trigger = trigger.dataverse_row_changed {
    title = "When a row is added, modified or deleted",
    table = "opportunity",
    message = "added_or_modified",
    columns = map.watched(),
    filter = map.column.sync .. " eq true",
  },

  run = function(event)
    exclusive("One run per opportunity", event.id, function()
      local row = dynamics.get_row("Get the opportunity", { table = "opportunity", id = event.id })
      if condition("If Sync with Partner Center is Yes, then", row[map.column.sync] ~= true) then
        return outcome("ignored", "Sync with Partner Center is No")
      end
      local referral_id = row[map.column.referral_id]
      if condition("If it has no referral yet, then", not is_set(referral_id)) then
        run_child_flow("Create Co-sell Referral - Dynamics 365 to Partner Center", "create_co_sell_referral",
          { id = row.id })
        outcome("created")
      else
        local result = run_child_flow("Dynamics 365 to Partner Center", "dynamics365_to_partner_center",
          { id = row.id, referral_id = referral_id })
        outcome(result.outcome, result.reason)
      end
    end)
  end,
}
