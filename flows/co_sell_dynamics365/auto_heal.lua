--- Auto-heal of Microsoft Partner Center synchronization details: what ties a deal and its opportunity together is put
-- back where it is missing. Once a night, for the deals that were changed last; how often is said in the trigger.
local again = require "co_sell.again"
local audit = require "co_sell.audit"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local pair = require "co_sell.pair"

local referrals = connection "partner_center_referrals"
local dynamics = connection "dynamics365"

local DEALS_MAX = 1000

-- How many things were put back.
local function heal(referral)
  local own = referrals.get_referral("Get the referral", { id = referral.id })
  local row = crm.find("Find the CRM record", own)
  if condition("If the CRM has nothing of it, then", row == nil) then
    return 0
  end
  local healed = 0
  if condition("If the deal does not carry the CRM ID, then",
    own.externalReferenceId ~= row.id and own.status ~= "Closed") then
    referrals.patch_referral("Write the CRM ID back",
      { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
    healed = healed + 1
  end
  if condition("If the opportunity does not carry the referral, then",
    row[map.column.referral_id] ~= own.id or row[map.column.link] ~= map.link(own.id)) then
    dynamics.update_row("Write the referral back", {
      table = "opportunity", id = row.id, etag = row.etag,
      changes = {
        [map.column.referral_id] = own.id,
        [map.column.link] = map.link(own.id),
        [map.column.audit] = audit.line(row, "Auto-heal: the link to Partner Center was put back."),
      },
    })
    healed = healed + 1
  end
  return healed
end

return flow {
  title = "Auto-heal of Microsoft Partner Center synchronization details",
  trigger = trigger.recurrence { frequency = "Day", schedule = { hours = 2, minutes = 30 } },

  run = function()
    local found = referrals.list_referrals("Get the deals that were changed last",
      { orderby = "updatedDateTime desc", max_items = DEALS_MAX, top = DEALS_MAX })
    local ours = list.filter(found.referrals, function(referral)
      return referral.type == "Shared" and not pair.is_microsoft_half(referral)
    end)
    local healed = 0
    foreach("Each deal", ours, function(referral)
      exclusive("One run per deal", referral.engagementId, function()
        healed = healed + again.while_changed(function()
          return heal(referral)
        end)
      end)
    end)
    outcome(healed > 0 and "updated" or "no change", healed > 0 and "links put back: " .. healed or nil)
  end,
}
