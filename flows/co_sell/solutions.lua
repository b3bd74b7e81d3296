--- The solutions of a deal: a list of objects in Partner Center, "SOL-1, SOL-2" in the CRM's Products.

local M = {}

--- Products as the referral's list; nil when it names none: a deal keeps at least one.
function M.to_referral(products)
  local out = array {}
  for _, id in ipairs(text.split(products or "", ",")) do
    if not text.is_blank(id) then
      out[#out + 1] = { id = text.trim(id), name = text.trim(id), type = "Name" }
    end
  end
  return #out > 0 and out or nil
end

--- The referral's list as Products; nil when it has none.
function M.to_crm(solutions)
  local ids = {}
  for _, solution in ipairs(solutions or {}) do
    ids[#ids + 1] = solution.id
  end
  return #ids > 0 and text.join(ids, ", ") or nil
end

local function as_set(solutions)
  local set, count = {}, 0
  for _, solution in ipairs(solutions or {}) do
    if not set[solution.id] then
      set[solution.id] = true
      count = count + 1
    end
  end
  return set, count
end

--- The same solutions in any order.
function M.equal(solutions, products)
  local theirs, their_count = as_set(solutions)
  local ours, our_count = as_set(M.to_referral(products))
  for id in pairs(ours) do
    if not theirs[id] then
      return false
    end
  end
  return their_count == our_count
end

return M
