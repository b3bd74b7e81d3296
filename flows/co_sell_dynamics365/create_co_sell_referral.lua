--- Create Co-sell Referral - Dynamics 365 to Partner Center: makes both halves of a deal.
local map = require "lib.mapping"
local pair = require "lib.referral_pair"
local transforms = require "lib.transforms"
local audit = require "lib.audit"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

local EXPAND = map.expand .. ",parentaccountid,parentcontactid,owninguser"

local function solutions_of(row)
  local out = array {}
  for _, id in ipairs(text.split(pair.is_set(row.msft_products) and row.msft_products or "", ",")) do
    if not text.is_blank(id) then
      out[#out + 1] = { id = text.trim(id), name = text.trim(id), type = "Name" }
    end
  end
  return out
end

local function member(person, fallback)
  return {
    firstName = person.firstname or fallback,
    lastName = person.lastname or fallback,
    email = person.emailaddress1 or person.internalemailaddress,
    phoneNumber = person.telephone1 or person.mobilephone or person.address1_telephone1 or "+10000000000",
  }
end

-- Why the deal cannot be made, and what to do about it; nil when it can.
local function problem(row, solutions, help, country)
  if #solutions == 0 then
    return "Solution ID is required", "Enter at least one co-sell ready solution id in Products."
  elseif not pair.is_set(country) or #country ~= 2 then
    return "The customer account needs an ISO two-letter country code, not '" .. tostring(country) .. "'",
      "Enter the code, such as US, on the customer account."
  elseif help and not row.parentcontactid then
    return "Microsoft's help needs a customer contact", "Choose a contact with name, phone and e-mail."
  elseif not pair.is_set(row.estimatedvalue) or not pair.is_set(row.estimatedclosedate) then
    return "Est. revenue and Est. close date are required", "Enter both on the opportunity."
  end
  return nil
end

local function own_referral(row, solutions, help)
  local account = row.parentaccountid or {}
  return {
    name = transforms.name.to_referral(row.name),
    externalReferenceId = row.id,
    type = "Shared", qualification = "SalesQualified", status = "New", substatus = "Pending",
    target = array { { type = "SolutionProfile", id = solutions[1].id } },
    customerProfile = {
      name = account.name,
      address = {
        addressLine1 = account.address1_line1 or "", city = account.address1_city or "",
        state = account.address1_stateorprovince or "", postalCode = account.address1_postalcode or "",
        country = account[env("country_code_column")],
      },
      team = row.parentcontactid and array { member(row.parentcontactid, "-") } or array {},
    },
    consent = {
      consentToToShareInfoWithOthers = true, consentToContact = true,
      consentToShareReferralWithMicrosoftSellers = help ~= nil or row.msft_referralvisibility == true,
    },
    details = {
      notes = transforms.notes.to_referral(row.description),
      dealValue = transforms.money.to_referral(row.estimatedvalue),
      currency = transforms.currency.to_referral(row.transactioncurrencyid),
      closingDateTime = transforms.date.to_referral(row.estimatedclosedate),
      requirements = { industries = array {}, products = array {}, services = array {}, solutions = solutions },
    },
    team = array { member(row.owninguser or {}, "Owner") },
  }
end

local function microsoft_referral(own, half, help)
  half.engagementId = own.engagementId
  half.target = array { { type = "BusinessProfileLocation", id = "msft" } }
  half.inviteContext = {
    notes = half.details.notes,
    assistanceRequestCode = help,
    invitedBy = { organizationId = own.organizationId, organizationName = own.organizationName },
  }
  return half
end

return flow {
  title = "Create Co-sell Referral - Dynamics 365 to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local row, solutions, help
    scope("Initializing synchronization dependencies", function()
      row = crm.get_row("Get the opportunity with its account, contact and owner",
        { table = "opportunity", id = input.id, expand = EXPAND })
      solutions = solutions_of(row)
      help = map.help_code(row.msft_howcanmicrosofthelp)
      local country = (row.parentaccountid or {})[env("country_code_column")]
      local reason, remedy = problem(row, solutions, help, country)
      if condition("If something is missing, then", reason ~= nil) then
        crm.update_row("Write the reason into Audit", {
          table = "opportunity", id = row.id, etag = row.etag, changes = { msft_audit = audit.line(row, reason .. ". " .. remedy) },
        })
        fail("ReferralRefused", reason .. ".", remedy)
      end
    end)

    local own
    scope("(Scope) Synchronizing Referrals", function()
      own = referrals.create_referral("Create own referral",
        { key = { "opportunity", row.id }, referral = own_referral(row, solutions, help) })
      if condition("If Microsoft's help is asked for, then", help ~= nil) then
        referrals.create_referral("Create Microsoft Referral", {
          key = { "engagement", own.engagementId, "msft" },
          referral = microsoft_referral(own, own_referral(row, solutions, help), help),
        })
      end
      crm.update_row("Update the opportunity with the referral", {
        table = "opportunity", id = row.id,
        changes = {
          msft_referralidentifier = own.id,
          msft_referrallink = map.link(own.id),
          msft_audit = audit.line(row, "Create: sync success."),
        },
      })
    end)
    outcome("created")
    return compose("Compose", { ReferralId = own.id, OrgId = own.organizationId, OrgName = own.organizationName })
  end,
}
