--- [Customize] Create or Get Details from Dynamics 365: accounts and leads that a referral makes. What your
-- organization requires of them besides is added in the two functions here.
local map = require "co_sell.mapping"
local quoted = require("lib.crm").quoted

local dynamics = connection "dynamics365"

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

local function lead_row(own)
  local contact = (own.customerProfile.team or {})[1] or {}
  return {
    subject = own.name,
    firstname = contact.firstName,
    lastname = contact.lastName or own.customerProfile.name,
    emailaddress1 = contact.email,
    telephone1 = contact.phoneNumber,
    companyname = own.customerProfile.name,
    description = map.of_referral(own, "details/notes"),
    [map.column.sync] = true,
    [map.column.referral_id] = own.id,
    [map.column.link] = map.link(own.id),
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
  return { account_id = account.id }
end

return flow {
  title = "[Customize] Create or Get Details from Dynamics 365",
  trigger = trigger.child {},

  run = function(input)
    return switch("Create or get in CRM", input.action_type, {
      GetAccount = function()
        return find_account(input.customer)
      end,
      CreateLead = function()
        return dynamics.create_row("Create lead",
          { table = "lead", key = { "lead", input.referral.id }, row = lead_row(input.referral) })
      end,
    })
  end,
}
