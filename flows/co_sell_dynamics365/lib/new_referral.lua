--- A new deal from an opportunity: what it lacks, and both halves of it.

local map = require "lib.mapping"
local people = require "lib.people"
local pair = require "lib.referral_pair"
local solutions = require "lib.solutions"
local transforms = require "lib.transforms"

local referrals = connection "partner_center_referrals"

local M = {}

--- Lookups to read with the opportunity.
M.expand = map.expand .. ",parentaccountid,parentcontactid," .. people.expand

local function contact_problem(contact)
  if contact == nil then
    return "Microsoft's help needs a customer contact", "Choose a contact with name, phone and e-mail."
  end
  local known = people.member(contact)
  if known.firstName == nil then
    return "Microsoft's help needs the name of the customer contact", "Enter First Name and Last Name on the contact."
  elseif known.phoneNumber == nil then
    return "Microsoft's help needs a phone number of the customer contact " .. known.lastName,
      "Enter Business Phone or Mobile Phone on the contact."
  elseif known.email == nil then
    return "Microsoft's help needs an e-mail address of the customer contact " .. known.lastName,
      "Enter Email on the contact."
  end
  return nil
end

local function country_problem(account)
  if account == nil then
    return "The opportunity has no customer account", "Choose the account and enter its two-letter country code."
  end
  local country = account[env("country_code_column")]
  if not pair.is_set(country) then
    return "The customer account has no ISO two-letter country code", "Enter the code, such as US, on the account."
  elseif string.find(country, "^%u%u$") == nil then
    return "The customer account needs an ISO two-letter country code, not '" .. country .. "'",
      "Enter the code, such as US, on the account."
  end
  return nil
end

--- Why the deal cannot be made, and what to do about it; nil when it can.
function M.problem(row)
  local sentence, remedy = country_problem(row.parentaccountid)
  if sentence == nil and map.help_code(row.msft_howcanmicrosofthelp) then
    sentence, remedy = contact_problem(row.parentcontactid)
  end
  if #solutions.to_referral(row.msft_products) == 0 then
    return "Solution ID is required", "Enter at least one co-sell ready solution id in Products."
  elseif sentence then
    return sentence, remedy
  elseif not pair.is_set(row.estimatedvalue) or not pair.is_set(row.estimatedclosedate) then
    return "Est. revenue and Est. close date are required", "Enter both on the opportunity."
  end
  return nil
end

--- Our half. `row.team` has to be there (people.of_row).
function M.own(row)
  local account = row.parentaccountid
  local asked = solutions.to_referral(row.msft_products)
  local has_help = map.help_code(row.msft_howcanmicrosofthelp) ~= nil
  return {
    name = transforms.name.to_referral(row.name),
    externalReferenceId = row.id,
    type = "Shared", qualification = "SalesQualified", status = "New", substatus = "Pending",
    target = array { { type = "SolutionProfile", id = asked[1].id } },
    customerProfile = {
      name = account.name,
      address = {
        addressLine1 = account.address1_line1 or "", city = account.address1_city or "",
        state = account.address1_stateorprovince or "", postalCode = account.address1_postalcode or "",
        country = account[env("country_code_column")],
      },
      team = row.parentcontactid and array { people.member(row.parentcontactid) } or array {},
    },
    consent = {
      consentToToShareInfoWithOthers = true, consentToContact = true,
      consentToShareReferralWithMicrosoftSellers = has_help or row.msft_referralvisibility == true,
    },
    details = {
      notes = transforms.notes.to_referral(row.description),
      dealValue = transforms.money.to_referral(row.estimatedvalue),
      currency = transforms.currency.to_referral(row.transactioncurrencyid),
      closingDateTime = transforms.date.to_referral(row.estimatedclosedate),
      requirements = { industries = array {}, products = array {}, services = array {}, solutions = asked },
    },
    team = row.team,
  }
end

--- Microsoft's half, of the same deal: the request for help.
function M.create_microsoft_half(own, row)
  local half = M.own(row)
  half.engagementId = own.engagementId
  half.target = array { { type = "BusinessProfileLocation", id = "msft" } }
  half.inviteContext = {
    notes = half.details.notes,
    assistanceRequestCode = map.help_code(row.msft_howcanmicrosofthelp),
    invitedBy = { organizationId = own.organizationId, organizationName = own.organizationName },
  }
  return referrals.create_referral("Create Microsoft Referral",
    { key = { "engagement", own.engagementId, "msft" }, referral = half })
end

--- Help that was chosen after the deal was made: true when Microsoft was asked for it now.
function M.microsoft_half_if_missing(own, row)
  if own.direction ~= "Outgoing" or map.help_code(row.msft_howcanmicrosofthelp) == nil or M.problem(row) ~= nil then
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
