--- Field mapping as data: reads mapping.json. One row of it drives creation and comparison.

local rules = require "mapping"
local transforms = require "lib.transforms"
local states = require "lib.states"

local M = {}

local LINK = "https://partner.microsoft.com/referrals/v2/inbox?id="

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

--- Columns and lookups to read with an opportunity.
M.expand = "transactioncurrencyid($select=isocurrencycode)"

function M.link(referral_id)
  return LINK .. referral_id
end

function M.help_choice(code)
  for choice, name in pairs(rules.help) do
    if name == code then
      return tonumber(choice)
    end
  end
  return nil
end

function M.help_code(choice)
  if choice == nil or choice == null then
    return nil
  end
  return rules.help[tostring(choice)]
end

local function display_name(own)
  local name = transforms.name.to_crm(own.name)
  return env("display_check_mark") == true and transforms.check_mark .. name or name
end

--- A new opportunity for a referral. `found` holds the CRM's ids of currency, account and owner.
function M.to_crm(own, found)
  local row = {
    name = display_name(own),
    isrevenuesystemcalculated = false,
    statuscode = states.status_code(own),
    msft_syncwithpartnercenter = true,
    msft_referralidentifier = own.id,
    msft_referrallink = M.link(own.id),
    msft_howcanmicrosofthelp = M.help_choice(at(own, "inviteContext/assistanceRequestCode")),
    ["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" .. found.currency_id .. ")",
    ["parentaccountid@odata.bind"] = found.account_id and "/accounts(" .. found.account_id .. ")" or nil,
    ["ownerid@odata.bind"] = found.owner_id and "/systemusers(" .. found.owner_id .. ")" or nil,
  }
  for _, rule in ipairs(rules.fields) do
    if rule.transform ~= "currency" and rule.transform ~= "name" then
      row[rule.row] = transforms[rule.transform].to_crm(at(own, rule.referral))
    end
  end
  return row
end

--- What the CRM takes over from a deal that both know, field by field, as a person would compare it.
function M.both_sides(own, row)
  local sides = {
    PartnerCenter = { Status = states.of_referral(own) },
    CRM = { Status = states.of_row(row) },
  }
  for _, rule in ipairs(rules.fields) do
    if rule.direction == "both" then
      sides.PartnerCenter[rule.field] = at(own, rule.referral)
      sides.CRM[rule.field] = transforms[rule.transform].to_referral(row[rule.row])
    end
  end
  return sides
end

--- What differs between the two sides of a deal: {any, to_crm, to_referral, step, in_any_case, summary}. Values
-- are compared in canonical form; currency is listed in to_crm by its code under "currency". `step` is what
-- the row's state has to become. `in_any_case` is the part of to_referral in which the CRM is right even when
-- somebody was in Partner Center later: the state that the referral has to follow, and the team.
function M.difference(own, row)
  local out = { any = false, to_crm = {}, to_referral = {}, in_any_case = {}, names = {} }
  for _, rule in ipairs(rules.fields) do
    local transform = transforms[rule.transform]
    local theirs, ours = at(own, rule.referral), row[rule.row]
    if rule.direction ~= "create" and not transform.equal(theirs, ours) then
      out.any = true
      out.names[#out.names + 1] = rule.field
      if rule.direction == "both" then
        out.to_crm[rule.transform == "currency" and "currency" or rule.row] = transform.to_crm(theirs)
      end
      out.to_referral[rule.referral] = transform.to_referral(ours, theirs)
      if rule.transform == "team" then
        out.in_any_case[rule.referral] = out.to_referral[rule.referral]
      end
    end
  end
  if states.of_referral(own) ~= states.of_row(row) then
    out.any = true
    out.step = states.step_for_row(row, own)
    out.names[#out.names + 1] = "Status"
    for path, value in pairs(states.patch_for(row, own)) do
      out.to_referral[path] = value
      out.in_any_case[path] = value
    end
  end
  out.summary = text.join(out.names, ", ")
  return out
end

return M
