--- Field mapping as data: reads the pack's mapping.json. One row of it drives what is read and watched, the new
-- record on either side, the comparison and the words about it.

local rules = require "mapping"
local transforms = require "lib.transforms"
local states = require "co_sell.states"

local M = {}

local LINK = "https://partner.microsoft.com/referrals/v2/inbox?id="

--- The CRM's names of the columns that the pack itself uses: sync, referral_id, link, help, audit, microsoft_id.
M.column = rules.columns

--- What people call the state.
M.status_field = rules.status.field

local function at(object, path)
  local value = object
  for _, key in ipairs(text.split(path, "/")) do
    if type(value) ~= "table" then
      return nil
    end
    value = value[key]
  end
  return value
end

local function put(object, path, value)
  local keys = text.split(path, "/")
  for i = 1, #keys - 1 do
    object[keys[i]] = object[keys[i]] or {}
    object = object[keys[i]]
  end
  object[keys[#keys]] = value
end

local function transform_of(rule)
  return transforms[rule.transform]
end

local function or_default(value, rule)
  if value == nil or value == "" then
    return rule.default
  end
  return value
end

--- The row of mapping.json for a path of the referral.
function M.rule(path)
  for _, rule in ipairs(rules.fields) do
    if rule.referral == path then
      return rule
    end
  end
end

function M.link(referral_id)
  return LINK .. referral_id
end

-- What is kept in rows of a child table has no column in the opportunity.
local function columns_of(rule)
  return rule.columns or rule.rows and {} or { rule.row }
end

--- The rows of mapping.json whose values are rows of a child table.
function M.children()
  return list.filter(rules.fields, function(rule)
    return rule.rows ~= nil
  end)
end

--- The columns that are read with an opportunity.
function M.read()
  local out = list.concat(list.values(rules.columns), rules.status.columns)
  for _, rule in ipairs(rules.fields) do
    out = list.concat(out, columns_of(rule))
  end
  return list.distinct(out)
end

--- The columns of which a change matters to Partner Center: what a trigger asks for. Another name is not carried
-- over, but people are told so.
function M.watched()
  local out = list.concat({ rules.columns.sync, rules.columns.help, M.rule("name").row }, rules.status.columns)
  for _, rule in ipairs(rules.fields) do
    if rule.direction == "both" or rule.direction == "to_referral" then
      out = list.concat(out, columns_of(rule))
    end
  end
  return list.distinct(out)
end

--- Whether both sides say the same of a field.
function M.is_equal(own, row, path)
  local rule = M.rule(path)
  return transform_of(rule).equal(at(own, path), row[rule.row], rule)
end

--- Microsoft's word for the help that the row asks for; nil when it asks for none.
function M.help_code(row)
  local rule = M.rule("inviteContext/assistanceRequestCode")
  return transform_of(rule).to_referral(row[rule.row], nil, rule)
end

--- What the row says of a field, as the referral has it.
function M.of_row(row, path)
  local rule = M.rule(path)
  return or_default(transform_of(rule).to_referral(row[rule.row], nil, rule), rule)
end

--- What the referral says of a field, as the CRM has it.
function M.of_referral(own, path)
  local rule = M.rule(path)
  return or_default(transform_of(rule).to_crm(at(own, path), rule), rule)
end

--- A new row of the CRM for a referral, without what only the CRM's own ids say and what child tables keep.
function M.to_crm(own)
  local row = {
    [rules.columns.sync] = true,
    [rules.columns.referral_id] = own.id,
    [rules.columns.link] = M.link(own.id),
  }
  for _, rule in ipairs(rules.fields) do
    row[rule.row] = not rule.rows and M.of_referral(own, rule.referral) or nil
  end
  return row
end

--- What was given once with a new deal, as the row's columns: help makes it visible to Microsoft's sellers.
function M.given_once(own)
  local out = {}
  for _, rule in ipairs(rules.fields) do
    if rule.transform == "yes_once" then
      out[rule.row] = M.of_referral(own, rule.referral)
    end
  end
  return out
end

--- Puts what the row says into a new referral.
function M.put_into(half, row)
  for _, rule in ipairs(rules.fields) do
    local value = rule.direction ~= "to_crm" and M.of_row(row, rule.referral)
    if value then
      put(half, rule.referral, value)
    end
  end
  return half
end

--- What the CRM takes over from a deal that both know, field by field, as a person would compare it.
function M.both_sides(own, row)
  local sides = {
    PartnerCenter = { Status = states.of_referral(own) },
    CRM = { Status = row.state },
  }
  for _, rule in ipairs(rules.fields) do
    if rule.direction == "both" then
      sides.PartnerCenter[rule.field] = at(own, rule.referral)
      sides.CRM[rule.field] = transform_of(rule).to_referral(row[rule.row], nil, rule)
    end
  end
  return sides
end

local function goes(rule, direction)
  return rule.direction == "both" or rule.direction == direction
end

local function note(side, rule, key, value)
  side.changes[key] = value
  side.fields[#side.fields + 1] = rule.field
end

local function two_sides()
  return { crm = { changes = {}, fields = {} }, referral = { changes = {}, fields = {} } }
end

-- How much of a value people are shown.
local SHOWN = 200

local function shown(value)
  if type(value) == "table" then
    value = json.encode(value)
  end
  return type(value) == "string" and text.truncate(value, SHOWN) or value
end

-- What a person decided about the field or the mapping says, whoever was there last; nil when that decides.
local function decided(rule, options)
  local answer = (options.answers or {})[rule.field]
  if answer == nil and rule.policy ~= "latest" then
    return rule.policy
  end
  return answer
end

local function both_values(rule, own, row)
  return at(own, rule.referral), transform_of(rule).to_referral(row[rule.row], nil, rule)
end

-- A field that differs, as it is reported: both values, and who is right. Nobody, when the field does not go that way.
local function drift(out, rule, own, row, wins)
  local theirs, ours = both_values(rule, own, row)
  out.drifted[#out.drifted + 1] = {
    field = rule.field, partner_center = shown(theirs), crm = shown(ours), wins = wins,
  }
end

local function why_withheld(transform, ours, theirs, rule)
  local why = transform.withheld or "is empty in the CRM"
  return type(why) == "function" and why(ours, theirs, rule) or why
end

-- The side that gets the value, the key of the change and the value; nothing when neither side gets one.
local function carried(out, rule, own, row, right)
  local transform = transform_of(rule)
  local theirs, ours = at(own, rule.referral), row[rule.row]
  if right == "partner_center" then
    return "crm", rule.row, goes(rule, "to_crm") and transform.to_crm(theirs, rule)
  elseif goes(rule, "to_referral") then
    local value = transform.to_referral(ours, theirs, rule)
    if value == nil then
      out.withheld[#out.withheld + 1] = rule.field .. " " .. why_withheld(transform, ours, theirs, rule)
    end
    return "referral", rule.referral, value
  end
end

local function compare_field(out, rule, own, row, later, options)
  if transform_of(rule).equal(at(own, rule.referral), row[rule.row], rule) then
    return
  end
  local by_rule = decided(rule, options)
  local right = by_rule or later
  if right == "ask" or right == "left" then
    drift(out, rule, own, row, right)
    out.asked[#out.asked + 1] = right == "ask" and out.drifted[#out.drifted] or nil
    return
  end
  local side, key, value = carried(out, rule, own, row, right)
  drift(out, rule, own, row, value and right or "nobody")
  if value then
    note(out[side], rule, key, value)
    if by_rule and rule.direction == "both" then
      note(out.back[side], rule, key, value)
    end
  end
end

local function compare_state(out, own, row)
  local step, patch = states.step_for_row(row, own), states.patch_for(row, own)
  out.crm.step = step
  out.crm.fields[#out.crm.fields + 1] = step and rules.status.field
  for path, value in pairs(patch) do
    note(out.referral, path == "status" and rules.status or {}, path, value)
  end
  out.drifted[#out.drifted + 1] = {
    field = rules.status.field, partner_center = states.of_referral(own), crm = row.state,
    wins = step and "partner_center" or next(patch) ~= nil and "crm" or "nobody",
  }
end

--- The names of the fields that are compared.
function M.compared()
  return list.map(rules.fields, function(rule)
    return rule.direction ~= "create" and rule.field or nil
  end)
end

local function named(field)
  return list.find(rules.fields, function(each)
    return each.field == field
  end)
end

--- What Partner Center and the CRM say of a field, as a text that is another one when either of them changes.
function M.said_of(own, row, field)
  local theirs, ours = both_values(named(field), own, row)
  return json.encode({ partner_center = theirs, crm = ours })
end

--- Who alone can be right about a field that goes one way; nil for one that goes both.
function M.source_of(field)
  local rule = named(field)
  local source = { to_crm = "partner_center", to_referral = "crm" }
  return source[rule.direction]
end

--- Whether one of these fields, a set of names, is the customer's contact or the team.
function M.needs_people(only)
  return list.any(rules.fields, function(rule)
    return only[rule.field] == true and (rule.row == "contact" or rule.row == "team")
  end)
end

local function is_compared(rule, only)
  return rule.direction ~= "create" and (only == nil or only[rule.field])
end

--- What differs between the two sides of a deal. `later` is who was there last, "partner_center" or "crm":
-- they are right about what has no policy of its own. The state and what policies say go their way in any case.
-- options.answers: who is right about a field, by its name, whatever the mapping says, or "ask" or "left" (a person
-- has left it as it is); options.only: the fields to
-- compare, a set of names, then without the state.
--   any       whether anything differs
--   drifted   {field, partner_center, crm, wins} of each; wins: partner_center, crm, ask, left or nobody
--   asked     of these what a person has to decide
--   crm       {changes, fields} of the row; `step` is what its state has to become
--   referral  {changes, fields} of the referral
--   back      of these what a policy or a person decides, for the side whose own change is taken back: back.crm,
--             back.referral
--   withheld  sentences about what the row says and Partner Center is not told
function M.difference(own, row, later, options)
  options = options or {}
  local out = two_sides()
  out.back, out.withheld, out.drifted, out.asked = two_sides(), {}, array {}, array {}
  for _, rule in ipairs(rules.fields) do
    if is_compared(rule, options.only) then
      compare_field(out, rule, own, row, later, options)
    end
  end
  if options.only == nil and states.of_referral(own) ~= row.state then
    compare_state(out, own, row)
  end
  out.any = #out.drifted > 0
  return out
end

return M
