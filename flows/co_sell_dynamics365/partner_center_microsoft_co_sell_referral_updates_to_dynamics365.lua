--- Partner Center Microsoft Co-sell Referral Updates to Dynamics 365: what Microsoft did about its half.
local again = require "co_sell.again"
local crm = require "lib.crm"
local microsoft = require "co_sell.microsoft"

local referrals = connection "partner_center_referrals"
local dynamics = connection "dynamics365"

-- An opportunity that was made a moment ago says nothing of Microsoft yet.
local function synchronize(input)
  local referral = referrals.get_referral("Get Microsoft's half", { id = input.referral_id })
  local row = input.is_new and { id = input.row_id } or crm.get("Get the opportunity", input.row_id)
  local changes, sentence = microsoft.changes(referral, row)
  if condition("If there is news from Microsoft, then", next(changes) ~= nil) then
    dynamics.update_row("Update the opportunity with Microsoft's answer",
      { table = "opportunity", id = row.id, etag = row.etag, changes = changes })
    return outcome("updated", sentence)
  end
  return outcome("no change")
end

return flow {
  title = "Partner Center Microsoft Co-sell Referral Updates to Dynamics 365",
  trigger = trigger.child {},

  run = function(input)
    again.while_changed(function()
      synchronize(input)
    end)
  end,
}
