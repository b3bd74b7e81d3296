--- The flow Preflight: what has to be true before deals are synchronized. It only reads.

local findings = require "co_sell.findings"
local field_check = require "co_sell.field_check"
local members = require "co_sell.members"
local pair = require "co_sell.pair"
local registration = require "co_sell.registration"
local solutions = require "co_sell.solutions"
local crm = require "lib.crm"
local crm_facts = require "lib.crm_facts"

local referrals = connection "partner_center_referrals"

local M = {}

local DEALS = 50

local ROLE = "In Partner Center open Account settings, User management, the user of the connection, and give the role"
  .. " Referrals admin. Sign in there once as that user."

-- Somebody who is in the team of every deal that the connection sees: a Referral user sees no others.
local function in_every_team(deals)
  local common = members.by_email(deals[1].team)
  for _, deal in ipairs(deals) do
    local team = members.by_email(deal.team)
    for _, email in ipairs(list.keys(common)) do
      common[email] = team[email] and common[email] or nil
    end
  end
  return list.keys(common)[1]
end

local function check_role(out, deals)
  if #deals == 0 then
    findings.warning(out, "Partner Center role", "The user may read referrals, but there are none that it sees.",
      ROLE)
    return
  end
  local only = in_every_team(deals)
  if only then
    findings.warning(out, "Partner Center role", "The user sees only deals whose team names " .. only
      .. ": a Referral user, who sees own deals only, would see the same.", ROLE)
  else
    findings.fine(out, "Partner Center role", "the user sees deals of different people")
  end
end

local function check_mpn(out, deals)
  local ids = {}
  for _, deal in ipairs(deals) do
    if type(deal.mpnId) == "string" and deal.mpnId ~= "" and deal.direction ~= "Incoming" then
      ids[#ids + 1] = deal.mpnId
    end
  end
  ids = list.distinct(ids)
  local remedy = "Compare the Partner ID of your tenant (Account settings, Identifiers) with that of the co-sell ready"
    .. " solution: they have to be the same."
  if #ids > 1 then
    findings.warning(out, "Partner ID", "Your deals name several: " .. text.join(ids, ", ") .. ".", remedy)
  elseif #ids == 0 then
    findings.warning(out, "Partner ID", "No deal of yours names one yet.", remedy)
  else
    findings.fine(out, "Partner ID", ids[1])
  end
end

-- Only Partner Center can say whether it reaches the address: Partner Center Webhook Registration asks it to.
local function check_webhook(out)
  local current = referrals.view_webhook_registration("View registration", {})
  local remedy = "Run Partner Center Webhook Registration with the HTTP POST URL of this pack's receiving flow."
  if condition("If nothing is registered, then", not current.registered) then
    findings.warning(out, "Webhook", "No address is registered: deals from Partner Center do not arrive.", remedy)
    return
  end
  local lacking = list.difference(registration.ALL, current.events)
  local host = string.match(current.url, "^https://([^/]+)")
  if host == nil then
    -- The rest of the address is a key.
    local origin = string.match(current.url, "^%a+://[^/]+") or "It"
    findings.warning(out, "Webhook", origin .. " is no https address: only a sandbox delivers to it.",
      "Give the server a certificate and a public https address (docs/network.md). " .. remedy)
  elseif #lacking > 0 then
    findings.problem(out, "Webhook", "It is not registered for " .. text.join(lacking, ", ") .. ".", remedy)
  else
    findings.fine(out, "Webhook", "all four events go to " .. host)
  end
end

local function codes_of(deals)
  local out = {}
  for _, deal in ipairs(deals) do
    out[#out + 1] = (deal.details or {}).currency
  end
  return list.distinct(out)
end

local function check_currencies(out, deals)
  local known = crm_facts.currencies()
  if known == nil then
    return -- the field itself is missing, which its own finding says
  end
  local lacking = list.difference(codes_of(deals), known)
  if #lacking > 0 then
    findings.problem(out, "Currencies", "Deals are in " .. text.join(lacking, ", ") .. ", which the CRM does not have.",
      crm_facts.currency_remedy)
  else
    findings.fine(out, "Currencies", "the CRM has those of your deals")
  end
end

local function check_users(out, deals)
  local emails = {}
  for _, deal in ipairs(deals) do
    emails = list.concat(emails, list.keys(members.by_email(deal.team)))
  end
  emails = list.distinct(emails)
  local users = #emails > 0 and crm.users_with(emails) or {}
  local strangers = list.filter(emails, function(email)
    return users[email] == nil or not users[email].sells
  end)
  if #strangers > 0 then
    findings.warning(out, "Users", "No active CRM user has the address " .. text.join(strangers, ", ") .. ".",
      "Give these sellers a user in the CRM with the same address; until then their deals stay with the connection.")
  else
    findings.fine(out, "Users", #emails .. " people of your deals are users of the CRM")
  end
end

local function solutions_of(deals)
  local by_id, out = {}, {}
  for _, deal in ipairs(deals) do
    for _, each in ipairs(((deal.details or {}).requirements or {}).solutions or {}) do
      out[#out + 1] = by_id[each.id] == nil and each or nil
      by_id[each.id] = true
    end
  end
  return out
end

local function check_solutions(out, deals)
  local named = solutions_of(deals)
  local unknown = solutions.unknown(named)
  if solutions.count() == 0 then
    findings.warning(out, "Solutions", "solutions.json is empty: any id in Products goes to Partner Center."
      .. (#named > 0 and " Your deals name " .. solutions.named(named) .. "." or ""),
      "Write the solutions that your sellers may use into it.")
  elseif #unknown > 0 then
    findings.warning(out, "Solutions", "Your deals name " .. solutions.named(unknown)
      .. ", which solutions.json does not have.", "Add what your sellers may use.")
  else
    findings.fine(out, "Solutions", "the catalogue has " .. solutions.count())
  end
end

-- One part of the look; what a service refuses is a finding, and the other parts are still looked at.
local function look(out, check, part)
  local done = try("Look at one part", part)
  if done.error ~= nil then
    findings.refused(out, check, done.error)
  end
  return done.value
end

--- Everything. Deals that cannot be read are one finding.
function M.run()
  local out = array {}
  local deals = look(out, "Partner Center", function()
    local found = referrals.list_referrals("Get the deals that were changed last",
      { orderby = "updatedDateTime desc", top = DEALS, max_items = DEALS }).referrals
    return list.filter(found, function(deal)
      return not pair.is_microsoft_half(deal)
    end)
  end)
  if condition("If deals can be read, then", deals ~= nil) then
    check_role(out, deals)
    check_mpn(out, deals)
    check_solutions(out, deals)
  end
  look(out, "Webhook", function() check_webhook(out) end)
  look(out, "CRM rights", function() crm_facts.check_rights(out) end)
  look(out, "Fields", function() field_check.check(out, crm_facts.opportunity()) end)
  look(out, "Variables", function() crm_facts.check_variables(out) end)
  if deals ~= nil then
    look(out, "Currencies", function() check_currencies(out, deals) end)
    look(out, "Users", function() check_users(out, deals) end)
  end
  return findings.report(out, "not ready")
end

return M
