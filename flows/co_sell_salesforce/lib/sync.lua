--- The flows that bring one deal from one side to the other, as their events start them.

local M = {}

function M.to_crm(referral_id)
  return run_child_flow("Partner Center to Salesforce", "partner_center_to_salesforce",
    { referral_id = referral_id })
end

function M.to_partner_center(id)
  return run_child_flow("Salesforce Opportunity to Partner Center", "salesforce_opportunity_to_partner_center",
    { change = "UPDATE", object = "Opportunity", id = id })
end

return M
