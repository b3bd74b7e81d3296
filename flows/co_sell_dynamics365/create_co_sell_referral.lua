--- Create Co-sell Referral - Dynamics 365 to Partner Center: makes both halves of a deal.
local again = require "co_sell.again"
local audit = require "co_sell.audit"
local check_mark = require "co_sell.check_mark"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local new_referral = require "co_sell.new_referral"
local opportunity_row = require "lib.opportunity_row"

local referrals = connection "partner_center_referrals"

local function get(id)
  return crm.get("Get the opportunity with its account, contact and owner", id)
end

local function checked(id)
  local row = get(id)
  local sentence, remedy = new_referral.problem(row)
  if condition("If something is missing, then", sentence ~= nil) then
    local line = sentence .. ". " .. remedy
    local changes = audit.with_line({}, row, line, check_mark.FAILURE)
    if next(changes) ~= nil then
      opportunity_row.write("Write the reason into Audit", row, changes)
    end
    fail("ReferralRefused", sentence .. ".", remedy)
  end
  return row
end

local function write_back(row, own)
  local changes = map.given_once(own)
  changes[map.column.referral_id], changes[map.column.link] = own.id, map.link(own.id)
  opportunity_row.write("Update the opportunity with the referral", row,
    audit.with_line(changes, row, "Create: sync success.", check_mark.SUCCESS))
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
      row.team = crm.team_of(row)
    end)
    scope("(Scope) Synchronizing Referrals", function()
      own = referrals.create_referral("Create own referral",
        { key = { "opportunity", row.id }, referral = new_referral.own(row) })
      if condition("If Microsoft's help is asked for, then", map.help_code(row) ~= nil) then
        new_referral.create_microsoft_half(own, row)
      end
      again.while_changed(function()
        write_back(get(row.id), own)
      end)
    end)
    track { referral = own.id, engagement = own.engagementId, crm_id = row.id }
    outcome("created")
    return compose("Compose", { ReferralId = own.id, OrgId = own.organizationId, OrgName = own.organizationName })
  end,
}
