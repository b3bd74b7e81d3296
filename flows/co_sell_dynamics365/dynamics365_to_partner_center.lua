--- Dynamics 365 to Partner Center: brings a changed opportunity into its referral.
local pair = require "lib.referral_pair"
local map = require "lib.mapping"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

local function said(word, reason)
  outcome(word, reason)
  return { outcome = word, reason = reason }
end

return flow {
  title = "Dynamics 365 to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local known = referrals.get_referral("Get the referral", { id = input.referral_id })
    return exclusive("One run per deal", known.engagementId, function()
      return scope("(Scope) Synchronize the opportunity", function()
        local own = referrals.get_referral("Existing referrals objects", { id = input.referral_id })
        local row = crm.get_row("Get the opportunity", { table = "opportunity", id = input.id, expand = map.expand })
        if condition("If the referral is closed, then", own.status == "Closed") then
          return said("refused", "the deal is closed in Partner Center as " .. tostring(own.substatus))
        end
        local diff = map.difference(own, row)
        local is_person = not pair.is_own_write(own)
        local is_older = is_person and time.difference(row.modifiedon, own.updatedDateTime) > 1
        if condition("If there is difference between the opportunity objects in Partner Center and CRM, then",
          next(diff.to_referral) ~= nil and not is_older) then
          referrals.patch_referral("Update a referral with opportunity data",
            { id = own.id, etag = own.eTag, changes = diff.to_referral })
          return said("updated", diff.summary)
        end
        return said("no change", diff.any and "Partner Center is newer" or nil)
      end)
    end)
  end,
}
