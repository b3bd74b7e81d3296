--- Partner Center to Dynamics 365 - Helper: the CRM's rows that a referral speaks of.
local people = require "co_sell.people"
local quoted = require("lib.crm").quoted

local dynamics = connection "dynamics365"

local function find_currency(code)
  local found = dynamics.list_rows("Find the currency by its code",
    { table = "transactioncurrency", filter = "isocurrencycode eq " .. quoted(code), select = { "isocurrencycode" } })
  local currency = found.rows[1]
  if currency == nil then
    fail("CurrencyMissing", "The currency " .. code .. " of the referral is not defined in the CRM.",
      "Add it in the CRM under Business Management, Currencies, then resubmit the run.")
  end
  return currency.id
end

return flow {
  title = "Partner Center to Dynamics 365 - Helper",
  trigger = trigger.child {},

  run = function(input)
    local out = { currency_id = find_currency(input.currency) }
    if condition("If a customer is given, then", input.customer ~= nil) then
      scope("Create or get customer account in CRM", function()
        out.account_id = run_child_flow("[Customize] Create or Get Details from Dynamics 365",
          "create_or_get_details_from_dynamics365",
          { action_type = "GetAccount", customer = input.customer }).account_id
      end)
    end
    if condition("If a team is given, then", input.team ~= nil and #input.team > 0) then
      scope("Find owner and sales team in CRM", function()
        out.people = people.in_crm(input.team)
      end)
    end
    return out
  end,
}
