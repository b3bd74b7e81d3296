--- Members of a referral: {firstName, lastName, email, phoneNumber}. Who has the same address is the same person.

local is_set = require("co_sell.values").is_set

local M = {}

function M.key_of(email)
  return is_set(email) and text.lower(text.trim(email)) or nil
end

function M.by_email(members)
  local out = {}
  for _, member in ipairs(members or {}) do
    local key = M.key_of(member.email)
    if key then
      out[key] = member
    end
  end
  return out
end

--- The same people, in any order.
function M.same(a, b)
  local left, right = M.by_email(a), M.by_email(b)
  for key in pairs(left) do
    if right[key] == nil then
      return false
    end
  end
  for key in pairs(right) do
    if left[key] == nil then
      return false
    end
  end
  return true
end

function M.has(members, member)
  return M.by_email(members)[M.key_of(member.email) or ""] ~= nil
end

--- The members with `member` before them.
function M.with_first(member, members)
  local out = array { member }
  for _, other in ipairs(members or {}) do
    out[#out + 1] = other
  end
  return out
end

return M
