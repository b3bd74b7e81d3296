--- Dynamics 365 to Partner Center: brings a changed opportunity into its referral.
local again = require "lib.again"
local audit = require "lib.audit"
local map = require "lib.mapping"
local new_referral = require "lib.new_referral"
local people = require "lib.people"
local pair = require "lib.referral_pair"

local referrals = connection "partner_center_referrals"
local crm = connection "dynamics365"

-- One line in Audit for each attempt, but not the same refusal twice in a row.
local function said(row, word, reason, sentence)
  outcome(word, reason)
  if sentence and not audit.says(row, sentence) then
    crm.update_row("Write the result into Audit",
      { table = "opportunity", id = row.id, etag = row.etag, changes = { msft_audit = audit.line(row, sentence) } })
  end
  return { outcome = word, reason = reason }
end

local function synchronize(input)
  local own = referrals.get_referral("Existing referrals objects", { id = input.referral_id })
  local row = crm.get_row("Get the opportunity", { table = "opportunity", id = input.id, expand = new_referral.expand })
  if condition("If the referral is closed, then", own.status == "Closed") then
    local diff = map.difference(own, row)
    if condition("If the opportunity says otherwise, then", diff.any) then
      local reason = "the deal is closed in Partner Center as " .. tostring(own.substatus)
      return said(row, "refused", reason, "Update: refused, " .. reason .. ".")
    end
    return said(row, "no change")
  end
  scope("Update owner and sales team", function()
    row.team = people.wanted(own, row)
  end)
  local diff = map.difference(own, row)
  local made = new_referral.microsoft_half_if_missing(own, row)
  -- Fields follow whoever was last; the state moves on and the team follows the CRM in any case, and with a
  -- win or a loss go all fields.
  local is_older = row.statecode == 0 and not pair.is_own_write(own)
    and time.difference(row.modifiedon, own.updatedDateTime) > 1
  local changes = is_older and diff.in_any_case or diff.to_referral
  if condition("If there is difference between the lead objects in Partner Center and CRM, then",
    next(changes) ~= nil) then
    referrals.patch_referral("Update a referral with opportunity data",
      { id = own.id, etag = own.eTag, changes = changes })
    return said(row, "updated", diff.summary, "Update: sync success.")
  elseif made then
    return said(row, "updated", "Microsoft's help", "Microsoft's help was asked for.")
  end
  return said(row, "no change", diff.any and "Partner Center is newer" or nil)
end

return flow {
  title = "Dynamics 365 to Partner Center",
  trigger = trigger.child {},

  run = function(input)
    local known = referrals.get_referral("Get the referral", { id = input.referral_id })
    return exclusive("One run per deal", known.engagementId, function()
      return scope("(Scope) Synchronize the opportunity", function()
        return again.while_changed(function()
          return synchronize(input)
        end)
      end)
    end)
  end,
}
