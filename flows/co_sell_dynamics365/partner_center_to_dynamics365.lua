--- Partner Center to Dynamics 365: brings a referral into the CRM.
local pair = require "lib.referral_pair"
local map = require "lib.mapping"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

local function create(own)
  local found = run_child_flow("Partner Center to Dynamics 365 - Helper", "partner_center_to_dynamics365_helper",
    { currency = own.details.currency, customer = own.customerProfile })
  return crm.create_row("Creating a new opportunity in the CRM",
    { table = "opportunity", key = { "engagement", own.engagementId }, row = map.to_crm(own, found) })
end

local function update(own, row, diff)
  local changes = diff.to_crm
  if changes.currency then
    local found = run_child_flow("Find the currency", "partner_center_to_dynamics365_helper", { currency = changes.currency })
    changes.currency = nil
    changes["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" .. found.currency_id .. ")"
  end
  if diff.state == "open" then
    changes.statuscode = 1
  elseif diff.state == "hold" then
    changes.statuscode = 2
  end
  if next(changes) ~= nil then
    crm.update_row("Update existing opportunity", { table = "opportunity", id = row.id, etag = row.etag, changes = changes })
  end
  if condition("If the deal was won, then", diff.state == "won") then
    crm.win_opportunity("Close the opportunity as won", { id = row.id, subject = "Won in Partner Center" })
  elseif condition("If the deal was lost, then", diff.state == "lost") then
    crm.lose_opportunity("Close the opportunity as lost", { id = row.id, subject = "Closed in Partner Center" })
  end
end

return flow {
  title = "Partner Center to Dynamics 365",
  trigger = trigger.partner_center_referral_event {
    title = "When a HTTP request is received",
  },

  run = function(event)
    local referral = referrals.get_referral("Get the referral", { id = event.referral_id })

    exclusive("One run per deal", referral.engagementId, function()
      scope("(Scope) Synchronize the lead or opportunity", function()
        local own = pair.own_half("Find our half", referral)
        if condition("If our half is not there, then", own == nil) then
          return outcome("ignored", "the deal has no half of ours yet")
        end
        local row = pair.find_row("Find the CRM record", own)

        if condition("If it's new Shared opportunity, then", row == nil and pair.is_new_shared(own)) then
          row = create(own)
          outcome("created")
        elseif condition("If it's an update to an opportunity, then", row ~= nil) then
          local us = crm.who_am_i("Who are we in the CRM", {})
          local diff = map.difference(own, row)
          local is_echo = pair.is_own_write(own) or pair.is_row_newer(row, own, us.user_id)
          if condition("If difference between the opportunity objects in Partner Center and CRM, then", diff.any and not is_echo) then
            update(own, row, diff)
            outcome("updated", diff.summary)
          else
            outcome("no change", diff.any and "the CRM is newer" or nil)
          end
        else
          return outcome("ignored", pair.why_ignored(own))
        end

        if condition("If the deal does not carry the CRM ID, then",
          own.externalReferenceId ~= row.id and own.status ~= "Closed") then
          referrals.patch_referral("Write the CRM ID back",
            { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
        end
        if condition("If it is about Microsoft's half, then", pair.is_microsoft_half(referral)) then
          run_child_flow("Partner Center Microsoft Co-sell Referral Updates to Dynamics 365",
            "partner_center_microsoft_co_sell_referral_updates_to_dynamics365", { row_id = row.id, referral = referral })
        end
      end)
    end)
  end,
}
