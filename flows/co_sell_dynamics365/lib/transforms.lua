--- The transforms of co_sell, and what Dynamics 365 has of its own.

local transforms = require "co_sell.transforms"

-- The row's currency is read through its lookup; writing it needs the currency's row (lib/opportunity.lua).
transforms.currency = {
  equal = function(code, lookup) return code == (lookup or {}).isocurrencycode end,
  to_crm = function(code) return code end,
  to_referral = function(lookup) return (lookup or {}).isocurrencycode end,
}

return transforms
