--- The flows that bring one deal from one side to the other, as their events start them.

local M = {}

function M.to_crm(referral_id)
  return run_child_flow("Partner Center to Dynamics 365", "partner_center_to_dynamics365",
    { referral_id = referral_id })
end

function M.to_partner_center(id)
  return run_child_flow("Dynamics 365 Opportunity to Partner Center", "dynamics365_opportunity_to_partner_center",
    { message = "modified", table = "opportunity", id = id })
end

return M
