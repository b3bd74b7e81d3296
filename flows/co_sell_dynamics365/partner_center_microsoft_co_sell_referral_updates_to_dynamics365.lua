--- Partner Center Microsoft Co-sell Referral Updates to Dynamics 365: what Microsoft did about its half.
local audit = require "lib.audit"

local crm = connection "dynamics365"

local function news(referral)
  if referral.status == "Active" then
    return "Microsoft accepted the deal."
  elseif referral.status == "Closed" then
    local reason = referral.statusReason
    local tail = (reason ~= nil and reason ~= null and reason ~= "") and ": " .. reason or "."
    return "Microsoft closed its half as " .. tostring(referral.substatus) .. tail
  end
  return nil
end

return flow {
  title = "Partner Center Microsoft Co-sell Referral Updates to Dynamics 365",
  trigger = trigger.child {},

  run = function(input)
    local referral = input.referral
    local row = crm.get_row("Get the opportunity", { table = "opportunity", id = input.row_id })
    local msx = (referral.trackingInfo or {}).microsoftMsxId
    local sentence = news(referral)
    local is_known = row.msft_microsoftcrmidentifier == msx
      or sentence ~= nil and string.find(row.msft_audit or "", sentence, 1, true) ~= nil
    if condition("If there is news from Microsoft, then", sentence ~= nil and not is_known) then
      crm.update_row("Update the opportunity with Microsoft's answer", {
        table = "opportunity", id = row.id, etag = row.etag,
        changes = { msft_microsoftcrmidentifier = msx, msft_audit = audit.line(row, sentence) },
      })
      outcome("updated", sentence)
    else
      outcome("no change")
    end
  end,
}
