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

local function account_row(customer)
  local address = customer.address or {}
  return {
    name = customer.name,
    address1_line1 = address.addressLine1,
    address1_city = address.city,
    address1_stateorprovince = address.state,
    address1_postalcode = address.postalCode,
    [env("country_code_column")] = address.country,
  }
end

local function find_account(customer)
  local postal_code = (customer.address or {}).postalCode or ""
  local same_code = postal_code == "" and "null" or quoted(postal_code)
  local found = dynamics.list_rows("Find the account by name and postal code",
    { table = "account", filter = "name eq " .. quoted(customer.name) .. " and address1_postalcode eq " .. same_code })
  local account = found.rows[1]
  if condition("If account does not exist, then", account == nil) then
    account = dynamics.create_row("Create customer account in CRM",
      { table = "account", key = { "account", customer.name, postal_code }, row = account_row(customer) })
  end
  return account.id
end

return flow {
  title = "Partner Center to Dynamics 365 - Helper",
  trigger = trigger.child {},

  run = function(input)
    local out = { currency_id = find_currency(input.currency) }
    if condition("If a customer is given, then", input.customer ~= nil) then
      scope("Create or get customer account in CRM", function()
        out.account_id = find_account(input.customer)
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
