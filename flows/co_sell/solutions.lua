--- The solutions of a deal: a list of objects in Partner Center, "SOL-1, SOL-2" in the CRM's Products. The pack's
-- solutions.json is the catalogue of those that sellers may enter, by id or name; empty, it takes any id.

local catalogue = require("solutions").solutions

local M = {}

-- How many a sentence names.
local NAMED = 10

local function entry_of(word)
  return list.find(catalogue, function(each)
    return text.equal_ignoring_case(each.id, word) or text.equal_ignoring_case(each.name, word)
  end)
end

-- What was entered, as {id, name, type}.
local function entered(products)
  local words = list.filter(list.map(text.split(products or "", ","), text.trim), function(word)
    return not text.is_blank(word)
  end)
  return list.map(words, function(word)
    local entry = entry_of(word) or { id = word, name = word }
    return { id = entry.id, name = entry.name, type = "Name" }
  end)
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

--- Solutions, {id, name}, as people read them.
function M.named(solutions)
  local words = list.map(list.take(solutions, NAMED), function(each)
    return each.name ~= nil and each.name ~= each.id and each.id .. " (" .. each.name .. ")" or each.id
  end)
  return text.join(words, ", ") .. (#solutions > NAMED and " ..." or "")
end

--- Of a list of solutions those that the catalogue does not have; none when it is empty.
function M.unknown(solutions)
  return #catalogue > 0 and list.filter(solutions or {}, function(each)
    return entry_of(each.id) == nil
  end) or {}
end

-- Where a seller enters them.
local function place(rule)
  return rule.rows and "the opportunity's rows of " .. rule.rows.table or "Products"
end

--- Why Products cannot be used, and what to do about it; nil when it can. What the deal has already may stay. `rule` is
-- the mapping's row for them.
function M.problem(products, theirs, rule)
  local known = as_set(theirs)
  local unknown = list.filter(M.unknown(entered(products)), function(each)
    return not known[each.id]
  end)
  local offer = #catalogue > 0 and ": " .. M.named(catalogue) or ""
  if #unknown > 0 then
    return "The catalogue of solutions does not have " .. M.named(unknown),
      "Enter what it has in " .. place(rule) .. offer .. "; or add the solution to solutions.json."
  elseif #entered(products) == 0 then
    return "Solution ID is required",
      "Enter at least one co-sell ready solution id in " .. place(rule) .. offer .. "."
  end
  return nil
end

--- Products as the referral's list; nil when it names none, or one that it may not: a deal keeps at least one.
function M.to_referral(products, theirs, rule)
  return M.problem(products, theirs, rule) == nil and list.concat(array {}, entered(products)) or nil
end

--- What is said about Products that are not carried over.
function M.withheld(products, theirs, rule)
  if #entered(products) == 0 then
    return "are empty in the CRM and were not carried over; a deal keeps at least one"
  end
  local problem, remedy = M.problem(products, theirs, rule)
  return "were not carried over. " .. problem .. ". " .. remedy
end

--- The referral's list as Products; nil when it has none.
function M.to_crm(solutions)
  local ids = list.map(solutions or {}, "id")
  return #ids > 0 and text.join(ids, ", ") or nil
end

--- The same solutions in any order.
function M.equal(solutions, products)
  local theirs, their_count = as_set(solutions)
  local ours, our_count = as_set(entered(products))
  for id in pairs(ours) do
    if not theirs[id] then
      return false
    end
  end
  return their_count == our_count
end

--- How many the catalogue has.
function M.count()
  return #catalogue
end

return M
