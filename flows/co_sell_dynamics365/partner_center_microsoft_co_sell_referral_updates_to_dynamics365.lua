--- Partner Center Microsoft Co-sell Referral Updates to Dynamics 365: what Microsoft did about its half.
local again = require "lib.again"
local audit = require "lib.audit"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

local function news(referral)
  if referral.status == "Active" then
    return "Microsoft accepted the deal."
  elseif referral.status == "Closed" then
    local reason = referral.statusReason
    local tail = (reason ~= nil and reason ~= "") and ": " .. reason or "."
    return "Microsoft closed its half as " .. tostring(referral.substatus) .. tail
  end
  return nil
end

local function synchronize(input)
  local referral = referrals.get_referral("Get Microsoft's half", { id = input.referral_id })
  local row = crm.get_row("Get the opportunity", { table = "opportunity", id = input.row_id })
  local msx = (referral.trackingInfo or {}).microsoftMsxId
  local sentence = news(referral)
  local is_told = sentence == nil or string.find(row.msft_audit or "", sentence, 1, true) ~= nil
  local has_id = msx == nil or row.msft_microsoftcrmidentifier == msx
  if condition("If there is news from Microsoft, then", not (is_told and has_id)) then
    crm.update_row("Update the opportunity with Microsoft's answer", {
      table = "opportunity", id = row.id, etag = row.etag,
      changes = { msft_microsoftcrmidentifier = msx, msft_audit = not is_told and audit.line(row, sentence) or nil },
    })
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
