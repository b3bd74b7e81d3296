--- mapping.json against what the CRM says of its own fields. A field of the CRM is {name, label, kind, length, create,
-- update, required, calculated, options}; `kind` is text, number, boolean, choice, date, datetime, lookup or other.

local rules = require "mapping"
local crm = require "lib.crm"
local findings = require "co_sell.findings"

local M = {}

local REFERRAL_ID_LENGTH, LINK_LENGTH = 36, 88

-- What a transform can carry over into which kind of field.
local KINDS = {
  name = { "text" }, notes = { "text" }, solutions = { "text" }, text = { "text", "choice" }, money = { "number" },
  date = { "date" }, yes_once = { "boolean" }, choice = { "choice" }, currency = { "lookup" },
}

local OWN_KINDS = {
  sync = { "boolean" }, referral_id = { "text" }, link = { "text" }, help = { "choice" }, audit = { "text" },
  microsoft_id = { "text" },
}

local OWN_LENGTHS = { referral_id = REFERRAL_ID_LENGTH, link = LINK_LENGTH, audit = crm.AUDIT_MAX }

local function into_crm(rule)
  return rule.direction ~= "to_referral"
end

local function missing(name, of)
  return "The CRM has no field " .. name .. " for " .. of .. ", or the connection's user may not see it.",
    "Let `tideway crm apply` make it, let the user see it, or name another field in mapping.json."
end

-- Why a field's kind does not do; nil when it does.
local function wrong_kind(field, kinds)
  if kinds and not list.contains(kinds, field.kind) then
    return field.name .. " is of the kind " .. field.kind .. ", but " .. text.join(kinds, " or ") .. " is needed."
  end
end

local function wrong_access(rule, field)
  if not into_crm(rule) then
    return nil
  end
  if field.calculated then
    return field.name .. " is calculated by the CRM, so nothing can be carried over into it."
  end
  if not field.create then
    return field.name .. " cannot be written in a new record."
  end
  if rule.direction ~= "create" and not field.update then
    return field.name .. " is read-only, but the row carries changes over into it."
  end
end

-- What does not fit would be cut by the CRM, look changed afterwards, and be written again and again.
local function wrong_length(field, length)
  if length and field.length and field.length < length then
    return field.name .. " holds " .. field.length .. " characters, " .. length .. " are written."
  end
end

local function wrong_options(rule, field)
  if rule.transform ~= "choice" or field.options == nil then
    return nil
  end
  local unknown = {}
  for _, value in pairs(rule.values) do
    if not list.contains(field.options, value) then
      unknown[#unknown + 1] = tostring(value)
    end
  end
  return #unknown > 0 and field.name .. " has no choice " .. text.join(unknown, ", ") .. "." or nil
end

local REMEDY = "Name another field in mapping.json, or change the row: its direction, transform, max or values."

local function check_row(out, rule, fields)
  local what, names = "Field " .. rule.field, rule.columns or { rule.row }
  for _, name in ipairs(names) do
    local field = fields[name]
    if field == nil then
      findings.problem(out, what, missing(name, rule.field))
      return
    end
    local wrong
    if rule.columns == nil then
      wrong = wrong_kind(field, KINDS[rule.transform]) or wrong_access(rule, field)
        or wrong_length(field, rule.max) or wrong_options(rule, field)
    end
    if wrong then
      findings.problem(out, what, wrong, REMEDY)
      return
    end
  end
  findings.fine(out, what, #names > 0 and text.join(names, ", ") or "no field of its own")
end

-- `described`: nil when there is no such table.
local function check_child(out, rule, described)
  local what, rows = "Field " .. rule.field, rule.rows
  if described == nil then
    findings.problem(out, what, "The CRM has no table " .. rows.table .. ", or the connection's user may not see it.",
      "Let `tideway crm apply` make it, or name another one in mapping.json.")
    return
  end
  for _, name in ipairs({ rows.parent, rows.column }) do
    if described.fields[name] == nil then
      findings.problem(out, what, missing(rows.table .. "." .. name, rule.field))
      return
    end
  end
  local wrong = wrong_kind(described.fields[rows.parent], { "lookup" })
    or wrong_kind(described.fields[rows.column], KINDS[rule.transform])
  if wrong then
    findings.problem(out, what, wrong, "Name another column under rows of mapping.json.")
  else
    findings.fine(out, what, rows.table .. "." .. rows.column)
  end
end

local function check_own(out, key, name, fields)
  local what, field = "Column " .. key, fields[name]
  if field == nil then
    findings.problem(out, what, missing(name, key))
    return
  end
  local wrong = wrong_kind(field, OWN_KINDS[key]) or wrong_length(field, OWN_LENGTHS[key])
    or not field.update and name .. " cannot be written by the connection's user." or nil
  if wrong and key ~= "sync" and key ~= "help" then
    findings.problem(out, what, wrong, "Name another field under columns of mapping.json, or let the user write it.")
  elseif wrong and wrong_kind(field, OWN_KINDS[key]) then
    findings.problem(out, what, wrong, "Name another field under columns of mapping.json.")
  else
    findings.fine(out, what, name)
  end
end

-- Fields of the mapping, and those that the pack fills by itself.
local function given(by_pack)
  local out = list.concat(list.values(rules.columns), rules.status.columns, by_pack)
  for _, rule in ipairs(rules.fields) do
    if into_crm(rule) and not rule.rows then
      out = list.concat(out, { rule.row }, rule.columns or {})
    end
  end
  return out
end

local function check_required(out, fields, described)
  local known = given(described.given)
  local lacking = list.filter(list.keys(fields), function(name)
    return fields[name].required and not list.contains(known, name)
  end)
  if #lacking == 0 then
    findings.fine(out, "Required fields", "every one gets a value")
    return
  end
  local say = described.refuses_without and findings.problem or findings.warning
  say(out, "Required fields", "A new opportunity needs " .. text.join(lacking, ", ") .. ", which gets no value.",
    "Add a row with a default to mapping.json, set it where the pack makes opportunities, or make it optional.")
end

--- Every row of mapping.json, its own columns, and what a new opportunity needs besides.
-- `described`: fields by name, `given` (names that the pack fills), `refuses_without` (whether the CRM refuses a record
-- without a required field), `child(table)` ({fields} of another table; nil when there is none).
function M.check(out, described)
  for _, key in ipairs({ "sync", "referral_id", "link", "help", "audit", "microsoft_id" }) do
    check_own(out, key, rules.columns[key], described.fields)
  end
  for _, name in ipairs(rules.status.columns) do
    if described.fields[name] == nil then
      findings.problem(out, "Field " .. rules.status.field, missing(name, rules.status.field))
    end
  end
  for _, rule in ipairs(rules.fields) do
    if rule.rows then
      check_child(out, rule, described.child(rule.rows.table))
    else
      check_row(out, rule, described.fields)
    end
  end
  check_required(out, described.fields, described)
end

return M
