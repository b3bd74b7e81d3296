--- A new deal from an opportunity: what it lacks, and both halves of it.

local crm = require "lib.crm"
local map = require "co_sell.mapping"
local pair = require "co_sell.pair"
local solutions = require "co_sell.solutions"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

local M = {}

local function contact_problem(contact)
  if contact == nil then
    return "Microsoft's help needs a customer contact", crm.remedy.contact
  elseif contact.firstName == nil then
    return "Microsoft's help needs the name of the customer contact", crm.remedy.contact_name
  elseif contact.phoneNumber == nil then
    return "Microsoft's help needs a phone number of the customer contact " .. contact.lastName,
      crm.remedy.contact_phone
  elseif contact.email == nil then
    return "Microsoft's help needs an e-mail address of the customer contact " .. contact.lastName,
      crm.remedy.contact_email
  end
  return nil
end

local function country_problem(customer)
  if customer == nil then
    return "The opportunity has no customer account", "Choose the account and enter its two-letter country code."
  end
  local country = customer.address.country
  if not is_set(country) then
    return "The customer account has no ISO two-letter country code", "Enter the code, such as US, on the account."
  elseif string.find(country, "^%u%u$") == nil then
    return "The customer account needs an ISO two-letter country code, not '" .. country .. "'",
      "Enter the code, such as US, on the account."
  end
  return nil
end

-- Where the mapping has no default for them.
local function solution_problem(row)
  local rule = map.rule("details/requirements/solutions")
  if is_set(row[rule.row]) or rule.default == nil then
    return solutions.problem(row[rule.row], nil, rule)
  end
  return nil
end

--- Why the deal cannot be made, and what to do about it; nil when it can.
function M.problem(row)
  local sentence, remedy = solution_problem(row)
  if sentence == nil then
    sentence, remedy = country_problem(row.customer)
  end
  if sentence == nil and map.help_code(row) then
    sentence, remedy = contact_problem(row.contact)
  end
  if sentence then
    return sentence, remedy
  elseif not (map.of_row(row, "details/dealValue") and map.of_row(row, "details/closingDateTime")) then
    return crm.revenue .. " and " .. crm.close_date .. " are required", "Enter both on the opportunity."
  elseif map.of_row(row, "details/currency") == nil then
    return "The opportunity has no currency", "Enter it in " .. map.rule("details/currency").row .. "."
  end
  return nil
end

--- Our half. `row.team` has to be there.
function M.own(row)
  local half = {
    externalReferenceId = row.id,
    type = "Shared", qualification = "SalesQualified", status = "New", substatus = "Pending",
    customerProfile = { name = row.customer.name, address = row.customer.address, team = array {} },
    consent = { consentToToShareInfoWithOthers = true, consentToContact = true,
      consentToShareReferralWithMicrosoftSellers = map.help_code(row) ~= nil },
    details = { requirements = { industries = array {}, products = array {}, services = array {} } },
  }
  map.put_into(half, row)
  half.inviteContext = nil -- of Microsoft's half only
  half.target = array { { type = "SolutionProfile", id = half.details.requirements.solutions[1].id } }
  return half
end

--- Microsoft's half, of the same deal: the request for help.
function M.create_microsoft_half(own, row)
  local half = M.own(row)
  half.engagementId = own.engagementId
  half.target = array { { type = "BusinessProfileLocation", id = "msft" } }
  half.inviteContext = {
    notes = half.details.notes,
    assistanceRequestCode = map.help_code(row),
    invitedBy = { organizationId = own.organizationId, organizationName = own.organizationName },
  }
  return referrals.create_referral("Create Microsoft Referral",
    { key = { "referral", own.id, "msft" }, referral = half })
end

--- Help that was chosen after the deal was made: true when Microsoft was asked for it now.
function M.microsoft_half_if_missing(own, row)
  if own.direction ~= "Outgoing" or map.help_code(row) == nil or M.problem(row) ~= nil then
    return false
  end
  local halves = referrals.list_referrals("Find both halves",
    { filter = "engagementId eq '" .. own.engagementId .. "'" })
  for _, half in ipairs(halves.referrals) do
    if pair.is_microsoft_half(half) then
      return false
    end
  end
  M.create_microsoft_half(own, row)
  return true
end

return M
