--- What can be said about mapping.json without asking a service. A mapping with a mistake in it is refused where
-- it is read, so that checking, publishing, turning on and the cases all refuse it, with one sentence.

local schema = require "co_sell.mapping_schema"

local M = {}

local ROW = schema.properties.fields.items.properties
local PATCHED = schema["$defs"].patched.enum

local function refuse(sentence, remedy)
  error({ code = "InvalidMapping", message = "mapping.json: " .. sentence, remedy = remedy }, 0)
end

-- "the row 'Deal value'", or its number when it has no name.
local function name_of(rule, number)
  return type(rule.field) == "string" and "the row '" .. rule.field .. "'" or "row " .. number .. " of fields"
end

local function check_words(rule, what, transforms)
  for _, name in ipairs(schema.properties.fields.items.required) do
    if type(rule[name]) ~= "string" or text.is_blank(rule[name]) then
      refuse(what .. " has no " .. name .. ".", "Give its " .. name .. ": " .. ROW[name].description)
    end
  end
  for _, name in ipairs({ "direction", "policy" }) do
    if rule[name] ~= nil and not list.contains(ROW[name].enum, rule[name]) then
      refuse(what .. " has the " .. name .. " '" .. tostring(rule[name]) .. "', which there is not.",
        "Use one of " .. text.join(ROW[name].enum, ", ") .. ".")
    end
  end
  if transforms[rule.transform] == nil then
    refuse(what .. " names the transform '" .. rule.transform .. "', which there is not.",
      "Use one of " .. text.join(list.keys(transforms), ", ") .. ", or add it to lib/transforms.lua.")
  end
  if rule.transform == "choice" and type(rule.values) ~= "table" then
    refuse(what .. " is a choice without values.", "List Partner Center's values with the CRM's for each.")
  end
end

local function check_direction(rule, what)
  local is_patched = rule.direction == "both" or rule.direction == "to_referral"
  if is_patched and not list.contains(PATCHED, rule.referral) then
    refuse(what .. " would change " .. rule.referral .. ", which Partner Center only takes when a deal is made.",
      "Use the direction create or to_crm, or one of the paths " .. text.join(PATCHED, ", ") .. ".")
  end
  if rule.policy ~= nil and rule.policy ~= "latest" and rule.direction == "create" then
    refuse(what .. " has a policy, but is never compared.", "Leave the policy out, or use another direction.")
  end
  if rule.policy == "ask" and rule.direction ~= "both" then
    refuse(what .. " asks who is right, but goes one way only.", "Leave the policy out, or use the direction both.")
  end
end

local function check_columns(rules)
  for _, name in ipairs(schema.properties.columns.required) do
    if type((rules.columns or {})[name]) ~= "string" then
      refuse("columns does not name the column for " .. name .. ".",
        schema.properties.columns.properties[name].description)
    end
  end
  if type((rules.status or {}).columns) ~= "table" or type(rules.status.field) ~= "string" then
    refuse("status does not name the state's columns.", 'Such as {"field": "Status", "columns": ["StageName"]}.')
  end
end

--- Raises an error that names the row, the cause and the remedy.
function M.refuse_mistakes(rules, transforms)
  check_columns(rules)
  local seen = { field = {}, referral = {}, row = {} }
  for number, rule in ipairs(rules.fields or {}) do
    local what = name_of(rule, number)
    check_words(rule, what, transforms)
    check_direction(rule, what)
    for key, names in pairs(seen) do
      if names[rule[key]] then
        refuse(what .. " has the same " .. key .. " '" .. rule[key] .. "' as " .. names[rule[key]] .. ".",
          "Keep one row for each field.")
      end
      names[rule[key]] = what
    end
  end
  for _, path in ipairs(schema["$defs"].needed.enum) do
    if not seen.referral[path] then
      refuse("no row maps " .. path .. ", which every deal needs.", "Add a row for it.")
    end
  end
end

return M
