--- Deals and opportunities side by side: which belong together, and both sides of a page of them. Lists are read
-- with a few fields of each record, whole records a page at a time: thousands fit into one run.

local crm = require "lib.crm"
local leads = require "co_sell.leads"
local pair = require "co_sell.pair"
local people = require "co_sell.people"
local states = require "co_sell.states"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

local M = {}

-- Of whole records.
local PAGE = 25

local FIELDS = { "id", "engagementId", "name", "type", "target", "status", "substatus", "externalReferenceId" }

--- Our halves of all deals, oldest first: {id, engagement, name, crm_id, state, is_lead}; a lead is one that nobody has
-- accepted.
function M.deals()
  local found = referrals.list_referrals("List the deals", { select = FIELDS, orderby = "createdDateTime asc" })
  local ours = list.filter(found.referrals, function(referral)
    return not pair.is_microsoft_half(referral)
  end)
  return list.map(ours, function(referral)
    return {
      id = referral.id, engagement = referral.engagementId, name = referral.name,
      crm_id = is_set(referral.externalReferenceId) and referral.externalReferenceId or nil,
      state = states.of_referral(referral), substatus = referral.substatus,
      is_lead = referral.type ~= "Shared" and not leads.is_accepted(referral),
    }
  end)
end

--- Every opportunity that is synchronized or belongs to a deal.
function M.opportunities()
  return crm.linked("List the opportunities")
end

--- Which belong together, by CRM ID or by Referral Identifier: {pairs, deals, rows}. A pair is {deal, row}; deals and
-- rows are those without the other side.
function M.matched(deals, rows)
  local by_key, by_referral, taken = {}, {}, {}
  for _, row in ipairs(rows) do
    by_key[crm.key_of(row.id)] = row
    by_referral[row.referral_id or ""] = by_referral[row.referral_id or ""] or row
  end
  local out = { pairs = {}, deals = {}, rows = {} }
  for _, deal in ipairs(deals) do
    local row = by_key[crm.key_of(deal.crm_id or "")] or by_referral[deal.id]
    if row and not taken[row] then
      taken[row] = true
      out.pairs[#out.pairs + 1] = { deal = deal, row = row }
    else
      out.deals[#out.deals + 1] = deal
    end
  end
  out.rows = list.filter(rows, function(row)
    return not taken[row]
  end)
  return out
end

--- Whether both sides of a pair name each other.
function M.is_whole(each)
  return crm.key_of(each.deal.crm_id or "") == crm.key_of(each.row.id) and each.row.referral_id == each.deal.id
end

--- The items in lists of at most so many.
function M.pages(items, size)
  local out = {}
  for i, item in ipairs(items) do
    local page = (i - 1) // (size or PAGE) + 1
    out[page] = out[page] or {}
    out[page][#out[page] + 1] = item
  end
  return out
end

--- The whole referrals of a page of deals, by id.
function M.referrals_of(deals)
  local filter = text.join(list.map(deals, function(deal)
    return "engagementId eq '" .. deal.engagement .. "'"
  end), " or ")
  local found = referrals.list_referrals("Read the deals", { filter = filter })
  local out = {}
  for _, referral in ipairs(found.referrals) do
    out[referral.id] = referral
  end
  return out
end

--- The whole opportunities with these ids, by key.
function M.rows_of(ids)
  local out = {}
  for _, row in ipairs(crm.some("Read the opportunities", ids)) do
    out[crm.key_of(row.id)] = row
  end
  return out
end

-- What takes requests of its own: the customer's contact, and the team.
local function with_people(own, row)
  local whole = crm.get("Get the opportunity with its account, contact and owner", row.id)
  whole.team = people.wanted(own, whole)
  return whole
end

--- Both sides of a page of pairs as they are now: {own, row}, without those that are gone. With `is_deep` rows have the
-- contact and the team too.
function M.read(pairs_of_page, is_deep)
  local own_of = M.referrals_of(list.map(pairs_of_page, "deal"))
  local row_of = M.rows_of(list.map(pairs_of_page, function(each)
    return each.row.id
  end))
  local out = {}
  for _, each in ipairs(pairs_of_page) do
    local own, row = own_of[each.deal.id], row_of[crm.key_of(each.row.id)]
    if own and row then
      out[#out + 1] = { own = own, row = is_deep and with_people(own, row) or row }
    end
  end
  return out
end

return M
