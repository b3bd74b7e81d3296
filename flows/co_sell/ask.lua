--- Fields whose row in mapping.json has the policy `ask`: who is right is for a person to say. Until somebody has said
-- it, both sides stay as they are, and Audit and the outcome name the field.

local map = require "co_sell.mapping"

local M = {}

-- Who is right, "partner_center" or "crm", by the name of the field; nothing for what nobody has decided yet. Asking
-- a person belongs here.
local function answers_of(asked)
  compose("Conflicts that a person has to decide", asked)
  return {}
end

--- As mapping.difference, after asking.
function M.difference(own, row, later)
  local diff = map.difference(own, row, later)
  if condition("If a person has to decide, then", #diff.asked > 0) then
    return map.difference(own, row, later, { answers = answers_of(diff.asked) })
  end
  return diff
end

--- What is left to a person, as words; nil when nothing is.
function M.left(diff)
  if #diff.asked == 0 then
    return nil
  end
  return "a person has to decide " .. text.join(list.map(diff.asked, "field"), ", ")
end

return M
