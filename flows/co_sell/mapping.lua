--- Field mapping as data: reads the pack's mapping.json. One row of it drives what is read and watched, the new
-- record on either side, the comparison and the words about it.

local rules = require "mapping"
local transforms = require "lib.transforms"
local states = require "co_sell.states"

require("co_sell.mapping_check").refuse_mistakes(rules, transforms)

local M = {}

local LINK = "https://partner.microsoft.com/referrals/v2/inbox?id="

--- The CRM's names of the columns that the pack itself uses: sync, referral_id, link, help, audit, microsoft_id.
M.column = rules.columns

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

local function columns_of(rule)
  return rule.columns or { rule.row }
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

--- A new row of the CRM for a referral, without what only the CRM's own ids say.
function M.to_crm(own)
  local row = {
    [rules.columns.sync] = true,
    [rules.columns.referral_id] = own.id,
    [rules.columns.link] = M.link(own.id),
  }
  for _, rule in ipairs(rules.fields) do
    row[rule.row] = M.of_referral(own, rule.referral)
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

-- Who is right about a field whoever was there last; nil when that decides.
local function decided(rule)
  return rule.policy ~= "latest" and rule.policy or nil
end

local function two_sides()
  return { crm = { changes = {}, fields = {} }, referral = { changes = {}, fields = {} } }
end

local function compare_field(out, rule, own, row, later)
  local transform = transform_of(rule)
  local theirs, ours = at(own, rule.referral), row[rule.row]
  if transform.equal(theirs, ours, rule) then
    return
  end
  out.any = true
  local side, key, value
  if (decided(rule) or later) == "partner_center" then
    side, key, value = "crm", rule.row, goes(rule, "to_crm") and transform.to_crm(theirs, rule)
  elseif goes(rule, "to_referral") then
    side, key, value = "referral", rule.referral, transform.to_referral(ours, theirs, rule)
    if value == nil then
      out.withheld[#out.withheld + 1] = rule.field .. " " .. (transform.withheld or "is empty in the CRM")
    end
  end
  if value then
    note(out[side], rule, key, value)
    if decided(rule) and rule.direction == "both" then
      note(out.back[side], rule, key, value)
    end
  end
end

--- What differs between the two sides of a deal. `later` is who was there last, "partner_center" or "crm":
-- they are right about what has no policy of its own. The state and what policies say go their way in any case.
--   any       whether anything differs
--   crm       {changes, fields} of the row; `step` is what its state has to become
--   referral  {changes, fields} of the referral
--   back      of these what a policy decides, for the side whose own change is taken back: back.crm, back.referral
--   withheld  sentences about what the row says and Partner Center is not told
function M.difference(own, row, later)
  local out = two_sides()
  out.any, out.back, out.withheld = false, two_sides(), {}
  for _, rule in ipairs(rules.fields) do
    if rule.direction ~= "create" then
      compare_field(out, rule, own, row, later)
    end
  end
  if states.of_referral(own) ~= row.state then
    out.any = true
    out.crm.step = states.step_for_row(row, own)
    out.crm.fields[#out.crm.fields + 1] = out.crm.step and rules.status.field
    for path, value in pairs(states.patch_for(row, own)) do
      note(out.referral, path == "status" and rules.status or {}, path, value)
    end
  end
  return out
end

return M
