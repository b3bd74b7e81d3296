--- Backfill of leads that nobody has answered: each is one lead in the CRM, and only ids tell which.

local again = require "co_sell.again"
local lead = require "lib.lead"
local map = require "co_sell.mapping"
local named = require "co_sell.named"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

local M = {}

local function link_row(own, id)
  local row = lead.get("Get the lead", id)
  local referral_id = row[map.column.referral_id]
  if condition("If the lead belongs to another referral, then", is_set(referral_id) and referral_id ~= own.id) then
    fail("BelongsToAnother", "The lead belongs to the referral " .. referral_id .. ".")
  end
  lead.write("Link the lead with the referral", row, {
    [map.column.sync] = true, [map.column.referral_id] = own.id, [map.column.link] = map.link(own.id),
  })
end

-- `id`: of the lead that carries the referral; nil when the referral carries a CRM ID instead.
local function link(own_id, id)
  again.while_changed(function()
    local own = referrals.get_referral("Get the referral of the lead", { id = own_id })
    if condition("If the lead carries the referral, then", id ~= nil) then
      referrals.patch_referral("Link the referral with the lead",
        { id = own.id, etag = own.eTag, changes = { externalReferenceId = id } })
    else
      link_row(own, own.externalReferenceId)
    end
  end)
end

local function link_in_turn(report, deal, id)
  local done = try("Link the lead", function()
    exclusive("One run per deal", deal.engagement, function()
      link(deal.id, id)
    end)
  end)
  named.add(done.error and report.refused or report.linked, {
    referral = deal.id, record = id or deal.crm_id, name = deal.name, by = id and "Referral Identifier" or "CRM ID",
    reason = done.error and done.error.message,
  })
end

--- Links what only one side of says, where leads are synchronized; adds to linked and refused of the report.
function M.link(deals, report)
  local open = list.filter(deals, function(deal)
    return deal.is_lead and deal.state == "hold"
  end)
  if #open == 0 or env("sync_co_sell_only") == true then
    return
  end
  local id_of = {}
  for _, row in ipairs(lead.linked("List the leads")) do
    id_of[row.referral_id] = row.id
  end
  foreach("Each lead that is not linked", open, function(deal)
    local id = id_of[deal.id]
    if condition("If one side names the other, then", (id == nil) ~= (deal.crm_id == nil)) then
      link_in_turn(report, deal, id)
    end
  end)
end

return M
