--- Create Co-sell Referral - Salesforce to Partner Center: makes both halves of a deal.
local again = require "co_sell.again"
local audit = require "co_sell.audit"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local new_referral = require "co_sell.new_referral"

local referrals = connection "partner_center_referrals"
local salesforce = connection "salesforce"

local function get(id)
  return crm.get("Get the opportunity with its account, contact and owner", id)
end

local function checked(id)
  local row = get(id)
  local sentence, remedy = new_referral.problem(row)
  if condition("If something is missing, then", sentence ~= nil) then
    local line = sentence .. ". " .. remedy
    if not audit.says(row, line) then
      salesforce.update_record("Write the reason into Audit", {
        object = "Opportunity", id = row.Id, unmodified_since = row.LastModifiedDate,
        changes = { [map.column.audit] = audit.line(row, line) },
      })
    end
    fail("ReferralRefused", sentence .. ".", remedy)
  end
  return row
end

local function write_back(row, own)
  salesforce.update_record("Update the opportunity with the referral", {
    object = "Opportunity", id = row.Id, unmodified_since = row.LastModifiedDate,
    changes = {
      [map.column.referral_id] = own.id,
      [map.column.link] = map.link(own.id),
      [map.column.audit] = audit.line(row, "Create: sync success."),
    },
  })
end

return flow {
  title = "Create Co-sell Referral - Salesforce to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local row, own
    scope("Initializing synchronization dependencies", function()
      row = again.while_changed(function()
        return checked(input.id)
      end)
      row.team = crm.team_of(row)
    end)
    scope("(Scope) Synchronizing Referrals", function()
      own = referrals.create_referral("Create own referral",
        { key = { "opportunity", row.id }, referral = new_referral.own(row) })
      if condition("If Microsoft's help is asked for, then", map.help_code(row) ~= nil) then
        new_referral.create_microsoft_half(own, row)
      end
      again.while_changed(function()
        write_back(get(row.Id), own)
      end)
    end)
    outcome("created")
    return compose("Compose", { ReferralId = own.id, OrgId = own.organizationId, OrgName = own.organizationName })
  end,
}
