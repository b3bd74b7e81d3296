--- [Customize] Create or Get Details from Salesforce: the records that a referral makes. What your organization
-- requires of them besides is added in the three functions here.
local map = require "co_sell.mapping"
local new_opportunity = require "lib.new_opportunity"
local stages = require "lib.stages"
local states = require "co_sell.states"

local salesforce = connection "salesforce"

local function account_fields(customer)
  local address = customer.address or {}
  return {
    Name = customer.name,
    BillingStreet = address.addressLine1,
    BillingCity = address.city,
    BillingState = address.state,
    BillingPostalCode = address.postalCode,
    [env("country_code_field")] = address.country,
  }
end

local function opportunity_fields(own, account_id)
  local record = map.to_crm(own)
  record[map.column.referral_id] = nil -- it names the record
  record.StageName = stages.of(states.of_referral(own))
  record.AccountId = account_id
  return record
end

local function lead_fields(own)
  local contact = (own.customerProfile.team or {})[1] or {}
  return {
    FirstName = contact.firstName,
    LastName = contact.lastName or own.customerProfile.name,
    Email = contact.email,
    Phone = contact.phoneNumber,
    Company = own.customerProfile.name,
    Status = env("open_lead_status"),
    Description = map.of_referral(own, "details/notes"),
    [map.column.sync] = true,
    [map.column.link] = map.link(own.id),
  }
end

local function find_account(customer)
  local postal_code = (customer.address or {}).postalCode or ""
  local found = salesforce.query("Find the account by name and postal code", {
    soql = "SELECT Id FROM Account WHERE Name = :name AND BillingPostalCode = :code",
    values = { name = customer.name, code = postal_code ~= "" and postal_code or null },
  })
  local account = found.records[1]
  if condition("If account does not exist, then", account == nil) then
    account = salesforce.create_record("Create customer account in CRM", {
      object = "Account", key = { "account", customer.name, postal_code }, record = account_fields(customer),
      match = { "Name" },
    })
  end
  return account.id
end

return flow {
  title = "[Customize] Create or Get Details from Salesforce",
  trigger = trigger.child {},

  run = function(input)
    local own = input.referral
    return switch("Create or update in CRM", input.action_type, {
      CreateOpportunity = function()
        local account_id
        scope("Create or get customer account in CRM", function()
          account_id = find_account(own.customerProfile)
        end)
        return new_opportunity.create(own, opportunity_fields(own, account_id))
      end,
      UpdateOpportunity = function()
        return salesforce.update_record("Update opportunity", {
          object = "Opportunity", id = input.id, unmodified_since = input.unmodified_since, changes = input.changes,
        })
      end,
      CreateLead = function()
        return salesforce.upsert_record("Create lead",
          { object = "Lead", field = map.column.referral_id, value = own.id, record = lead_fields(own) })
      end,
      UpdateLead = function()
        return salesforce.update_record("Update lead",
          { object = "Lead", id = input.id, unmodified_since = input.unmodified_since, changes = input.changes })
      end,
    })
  end,
}
