--- Deals without an opportunity, and opportunities without a deal: who they are, and why.

local audit = require "co_sell.audit"
local crm = require "lib.crm"
local lead = require "lib.lead"
local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local named = require "co_sell.named"

local M = {}

local function none()
  return { alone = named.none(), gone = named.none() }
end

-- Leads that became leads of the CRM.
local function leads_of_the_crm(deals)
  local out = {}
  if list.any(deals, "is_lead") then
    for _, row in ipairs(lead.linked("List the leads")) do
      out[row.referral_id] = true
    end
  end
  return out
end

-- What was over before it was linked is nobody's business; nor are leads where they are not synchronized.
local function missed(deals)
  local are_leads_synchronized = env("sync_co_sell_only") ~= true
  local candidates = list.filter(deals, function(deal)
    local is_over = deal.state == "won" or deal.state == "lost"
    return (deal.crm_id ~= nil or not is_over) and (are_leads_synchronized or not deal.is_lead)
  end)
  local known = leads_of_the_crm(candidates)
  return list.filter(candidates, function(deal)
    return not (deal.is_lead and known[deal.id])
  end)
end

-- Why a deal has no opportunity that is synchronized, and whether it had one.
local function why_deal(deal, row)
  local other = row and row[map.column.referral_id]
  if deal.crm_id == nil then
    return deal.is_lead and "no lead was made of it" or "no opportunity was made of it"
  elseif row == nil then
    return "the CRM has no opportunity " .. deal.crm_id, true
  elseif other ~= nil and other ~= deal.id then
    return "its opportunity belongs to the deal " .. other
  end
  return "its opportunity has Sync with Partner Center = No"
end

local function why_row(row, whole)
  if row.referral_id ~= nil then
    return "Partner Center has no deal " .. row.referral_id .. " that belongs to no other opportunity", true
  end
  return audit.newest(whole) or "not saved since Sync with Partner Center is Yes"
end

--- The deals: {alone, gone}, lists as of named.lua.
function M.deals(deals)
  return foreach("Each page of deals without an opportunity", linked.pages(missed(deals)), function(page, found)
    found = found or none()
    local rows = linked.rows_of(list.map(page, "crm_id"))
    for _, deal in ipairs(page) do
      local why, is_gone = why_deal(deal, rows[crm.key_of(deal.crm_id or "")])
      named.add(is_gone and found.gone or found.alone,
        { referral = deal.id, record = deal.crm_id, name = deal.name, reason = why })
    end
    return found
  end, { checkpoint = true }) or none()
end

--- The opportunities: {alone, gone}.
function M.rows(rows)
  return foreach("Each page of opportunities without a deal", linked.pages(rows), function(page, found)
    found = found or none()
    local whole = linked.rows_of(list.map(page, "id"))
    for _, row in ipairs(page) do
      local why, is_gone = why_row(row, whole[crm.key_of(row.id)])
      named.add(is_gone and found.gone or found.alone,
        { referral = row.referral_id, record = row.id, name = row.name, reason = why })
    end
    return found
  end, { checkpoint = true }) or none()
end

return M
