--- Create Co-sell Referral - Dynamics 365 to Partner Center: makes both halves of a deal.
local again = require "lib.again"
local audit = require "lib.audit"
local map = require "lib.mapping"
local new_referral = require "lib.new_referral"
local people = require "lib.people"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

local function get(id)
  return crm.get_row("Get the opportunity with its account, contact and owner",
    { table = "opportunity", id = id, expand = new_referral.expand })
end

local function checked(id)
  local row = get(id)
  local sentence, remedy = new_referral.problem(row)
  if condition("If something is missing, then", sentence ~= nil) then
    local line = sentence .. ". " .. remedy
    if not audit.says(row, line) then
      crm.update_row("Write the reason into Audit",
        { table = "opportunity", id = row.id, etag = row.etag, changes = { msft_audit = audit.line(row, line) } })
    end
    fail("ReferralRefused", sentence .. ".", remedy)
  end
  return row
end

local function write_back(row, own)
  crm.update_row("Update the opportunity with the referral", {
    table = "opportunity", id = row.id, etag = row.etag,
    changes = {
      msft_referralidentifier = own.id,
      msft_referrallink = map.link(own.id),
      msft_audit = audit.line(row, "Create: sync success."),
    },
  })
end

return flow {
  title = "Create Co-sell Referral - Dynamics 365 to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local row, own
    scope("Initializing synchronization dependencies", function()
      row = again.while_changed(function()
        return checked(input.id)
      end)
      row.team = people.of_row(row)
    end)
    scope("(Scope) Synchronizing Referrals", function()
      own = referrals.create_referral("Create own referral",
        { key = { "opportunity", row.id }, referral = new_referral.own(row) })
      if condition("If Microsoft's help is asked for, then", map.help_code(row.msft_howcanmicrosofthelp) ~= nil) then
        new_referral.create_microsoft_half(own, row)
      end
      again.while_changed(function()
        write_back(get(row.id), own)
      end)
    end)
    outcome("created")
    return compose("Compose", { ReferralId = own.id, OrgId = own.organizationId, OrgName = own.organizationName })
  end,
}
