--- What a mapping may not say and a schema cannot: transforms that there are not, paths that Partner Center does not
-- take, two rows for one field. mapping_schema.json names this file (x-check): `tideway flows check` and the drafts
-- show each mistake at its place in mapping.json.

local schema = require "co_sell.mapping_schema"
local transforms = require "lib.transforms"

local PATCHED = schema["$defs"].patched.enum
local NEEDED = schema["$defs"].needed.enum

-- "the row 'Deal value'", or its number when it has no name.
local function name_of(rule, number)
  return type(rule.field) == "string" and "the row '" .. rule.field .. "'" or "row " .. number .. " of fields"
end

-- Returns the list of mistakes, and a function that adds one at a member of the row `number`.
local function mistakes()
  local found = array {}
  return found, function(number, member, message, suggestion, known)
    table.insert(found, {
      pointer = "/fields/" .. (number - 1) .. "/" .. member,
      message = message,
      suggestion = suggestion,
      known = known,
    })
  end
end

local function check_transform(rule, number, what, add)
  if transforms[rule.transform] == nil then
    local known = list.keys(transforms)
    add(number, "transform", what .. " names the transform '" .. tostring(rule.transform) .. "', which there is not",
      "Use one of " .. text.join(known, ", ") .. ", or add it to lib/transforms.lua.", known)
  end
  if rule.transform == "choice" and type(rule.values) ~= "table" then
    add(number, "values", what .. " is a choice without values",
      "List Partner Center's values with the CRM's for each.")
  end
end

local function check_direction(rule, number, what, add)
  local is_patched = rule.direction == "both" or rule.direction == "to_referral"
  if is_patched and not list.contains(PATCHED, rule.referral) then
    add(number, "referral", what .. " would change " .. tostring(rule.referral)
      .. ", which Partner Center only takes when a deal is made",
      "Use the direction create or to_crm, or one of the paths " .. text.join(PATCHED, ", ") .. ".", PATCHED)
  end
  if rule.policy ~= nil and rule.policy ~= "latest" and rule.direction == "create" then
    add(number, "policy", what .. " has a policy, but is never compared",
      "Leave the policy out, or use another direction.")
  end
  if rule.policy == "ask" and rule.direction ~= "both" then
    add(number, "policy", what .. " asks who is right, but goes one way only",
      "Leave the policy out, or use the direction both.")
  end
end

local function check_rows(rule, number, what, add)
  if rule.rows == nil then
    return
  end
  if rule.direction ~= "to_referral" then
    add(number, "direction", what .. " is kept in rows of a table, which are not changed from Partner Center",
      "Use the direction to_referral: new records get their rows all the same.")
  end
  if rule.columns ~= nil then
    add(number, "columns", what .. " is kept in rows of a table, and names columns of the opportunity too",
      "Leave columns out.")
  end
end

-- `seen`: by member and value, the row that has it.
local function check_twins(rule, number, what, seen, add)
  for member, rows in pairs(seen) do
    local value = rule[member]
    if value ~= nil and rows[value] then
      add(number, member, what .. " has the same " .. member .. " '" .. tostring(value) .. "' as " .. rows[value],
        "Keep one row for each field.")
    elseif value ~= nil then
      rows[value] = what
    end
  end
end

return function(rules)
  local found, add = mistakes()
  local seen = { field = {}, referral = {}, row = {} }
  for number, rule in ipairs(rules.fields or {}) do
    local what = name_of(rule, number)
    check_transform(rule, number, what, add)
    check_direction(rule, number, what, add)
    check_rows(rule, number, what, add)
    check_twins(rule, number, what, seen, add)
  end
  for _, path in ipairs(NEEDED) do
    if not seen.referral[path] then
      table.insert(found, {
        pointer = "/fields",
        message = "no row maps " .. path .. ", which every deal needs",
        suggestion = "Add a row for it.",
      })
    end
  end
  return found
end
