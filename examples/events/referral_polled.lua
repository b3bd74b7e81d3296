--- A polling trigger: asks Partner Center every two minutes what has changed, for servers that cannot be
-- reached from outside. Where it has got to is stored together with the events: none is lost or doubled.
-- Its last poll, and the next:  tideway flows show referral_polled
local referrals = connection "referrals"

return flow {
  title = "When a referral is new",
  trigger = trigger.partner_center_referral_changed {
    recurrence = { frequency = "Minute", interval = 2 }, -- every minute without it
    events = { "referral-created" },
  },

  run = function(event)
    local referral = referrals.get_referral("Get the referral", { id = event.referral_id })
    if condition("If it is a lead, then", referral.type ~= "Shared") then
      return outcome("ignored", "a lead")
    end
    outcome("seen", referral.name)
  end,
}
