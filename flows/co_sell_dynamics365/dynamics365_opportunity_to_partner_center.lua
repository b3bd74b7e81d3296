--- Dynamics 365 Opportunity to Partner Center: an opportunity was added or changed.
local pair = require "lib.referral_pair"

local crm = connection "dynamics365"

return flow {
  title = "Dynamics 365 Opportunity to Partner Center",
  trigger = trigger.dataverse_row_changed {
    title = "When a row is added, modified or deleted",
    table = "opportunity",
    message = "added_or_modified",
    columns = {
      "msft_syncwithpartnercenter", "msft_howcanmicrosofthelp", "msft_products", "msft_referralvisibility",
      "estimatedvalue", "estimatedclosedate", "description", "transactioncurrencyid", "statecode", "statuscode",
      "ownerid", "parentcontactid",
    },
    filter = "msft_syncwithpartnercenter eq true",
  },

  run = function(event)
    exclusive("One run per opportunity", event.id, function()
      local row = crm.get_row("Get the opportunity", { table = "opportunity", id = event.id })
      if condition("If Sync with Partner Center is Yes, then", row.msft_syncwithpartnercenter ~= true) then
        return outcome("ignored", "Sync with Partner Center is No")
      end
      if condition("If it has no referral yet, then", not pair.is_set(row.msft_referralidentifier)) then
        run_child_flow("Create Co-sell Referral - Dynamics 365 to Partner Center", "create_co_sell_referral",
          { id = row.id })
        outcome("created")
      else
        local result = run_child_flow("Dynamics 365 to Partner Center", "dynamics365_to_partner_center",
          { id = row.id, referral_id = row.msft_referralidentifier })
        outcome(result.outcome, result.reason)
      end
    end)
  end,
}
