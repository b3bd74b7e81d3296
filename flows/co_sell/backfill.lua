--- Backfill: links deals and opportunities that were there before, and makes nothing. By CRM ID, by Referral
-- Identifier, then by name, account and value. What is certain is linked; of the rest a person decides.

local again = require "co_sell.again"
local audit = require "co_sell.audit"
local backfill_leads = require "co_sell.backfill_leads"
local check_mark = require "co_sell.check_mark"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local named = require "co_sell.named"
local opportunity = require "lib.opportunity"
local is_set = require("co_sell.values").is_set

local referrals = connection "partner_center_referrals"

local M = {}

-- Deals of which names are looked for at once: addresses have an end.
local PAGE = 10

M.inputs = {
  {
    name = "decisions", type = "text", title = "Decisions",
    description = 'Of uncertain ones, as JSON: [{"referral": "<id>", "record": "<CRM ID>"}]; "record": null for none.',
  },
}

local function read_decisions(given)
  local ok, decisions = pcall(json.decode, given)
  local is_list = ok and type(decisions) == "table" and list.all(list.values(decisions), function(each)
    return type(each) == "table" and is_set(each.referral)
  end)
  if not is_list then
    fail("InvalidInput", "Decisions are no JSON list of referrals with their records.",
      'Give a list such as [{"referral": "<id>", "record": "<CRM ID>"}].')
  end
  return decisions
end

-- By the referral's id: the record, or false for none.
local function decisions_of(input)
  local out = {}
  for _, each in ipairs(is_set(input.decisions) and read_decisions(input.decisions) or {}) do
    out[each.referral] = is_set(each.record) and each.record or false
  end
  return out
end

-- Which record a person has chosen for a deal that several may belong to, or false when it is none of them; nil while
-- nobody has decided. Asking a person belongs here.
local function decided(question, decisions)
  return decisions[question.referral]
end

local function facts_of_row(own, row)
  local account = row.customer and row.customer.name
  local theirs = map.of_row(row, "details/dealValue")
  return {
    record = row.id, name = row[map.rule("name").row], account = account, value = theirs,
    closing = map.of_row(row, "details/closingDateTime"), referral = row[map.column.referral_id],
    same_account = text.equal_ignoring_case(account, own.customerProfile.name),
    same_value = map.is_equal(own, row, "details/dealValue"),
  }
end

local function question(own, rows, reason)
  local candidates = list.map(rows, function(row)
    return facts_of_row(own, row)
  end)
  return {
    referral = own.id, name = own.name, account = own.customerProfile.name, value = own.details.dealValue,
    currency = own.details.currency, closing = own.details.closingDateTime, reason = reason, candidates = candidates,
  }
end

-- {row, by} when it is certain whom the deal belongs to; else {question}; nothing without any candidate.
local function found(own, row_by_id, rows_by_referral, rows_by_name)
  local named_by_ids = list.union({ row_by_id }, rows_by_referral)
  local other = row_by_id and row_by_id[map.column.referral_id]
  if #named_by_ids > 1 then
    return { question = question(own, named_by_ids, "several opportunities name it, or are named by it") }
  elseif is_set(other) and other ~= own.id then
    return { question = question(own, named_by_ids, "the opportunity with its CRM ID belongs to the deal " .. other) }
  elseif #named_by_ids == 1 then
    return { row = named_by_ids[1], by = row_by_id and "CRM ID" or "Referral Identifier" }
  end
  local alike = list.filter(rows_by_name, function(row)
    local facts = facts_of_row(own, row)
    return facts.same_account or facts.same_value
  end)
  if #alike > 0 then
    return { question = question(own, alike, "the name is the same, and account or value") }
  end
  return {}
end

-- Writes what is missing, on either side.
local function link(own_id, row_id, by)
  again.while_changed(function()
    local own = referrals.get_referral("Get the referral", { id = own_id })
    local row = crm.get("Get the opportunity", row_id)
    local referral_id = row[map.column.referral_id]
    if condition("If it belongs to another deal, then", is_set(referral_id) and referral_id ~= own.id) then
      fail("BelongsToAnother", "The opportunity belongs to the deal " .. referral_id .. ".")
    end
    if condition("If the opportunity does not carry the referral, then", referral_id ~= own.id) then
      local changes = {
        [map.column.sync] = true, [map.column.referral_id] = own.id, [map.column.link] = map.link(own.id),
      }
      opportunity.write("Link the opportunity with the deal", row,
        audit.with_line(changes, row, "Backfill: linked with the deal in Partner Center, by " .. by .. "."))
    end
    if condition("If the deal does not carry the CRM ID, then", own.externalReferenceId ~= row.id) then
      referrals.patch_referral("Link the deal with the opportunity",
        { id = own.id, etag = own.eTag, changes = { externalReferenceId = row.id } })
    end
  end)
end

local function link_in_turn(report, own, row_id, by)
  local done = try("Link", function()
    exclusive("One run per deal", own.engagementId, function()
      link(own.id, row_id, by)
    end)
  end)
  named.add(done.error and report.refused or report.linked,
    { referral = own.id, record = row_id, name = own.name, by = by, reason = done.error and done.error.message })
end

local function settle(report, own, match, decisions)
  if match.row then
    return link_in_turn(report, own, match.row.id, match.by)
  elseif match.question == nil then
    report.without = report.without + 1
    return
  end
  local choice = decided(match.question, decisions)
  if choice then
    link_in_turn(report, own, choice, "decision")
  elseif choice == nil then
    named.add(report.uncertain, match.question)
  end
end

local function by_referral(rows)
  local out = {}
  for _, row in ipairs(rows) do
    if row.referral_id then
      out[row.referral_id] = list.concat(out[row.referral_id] or {}, { row.id })
    end
  end
  return out
end

local function same_name(deal, rows)
  return list.filter(rows, function(row)
    return check_mark.is_same(deal.name, row[map.rule("name").row], map.rule("name").max)
  end)
end

local function named_like(deals)
  local names = {}
  for _, deal in ipairs(deals) do
    names = list.concat(names, { deal.name, check_mark.SUCCESS .. deal.name })
  end
  return crm.named("Find opportunities by name", names)
end

-- One page of deals that are not linked on both sides.
local function look_at(page, ids_by_referral, decisions, report)
  local own_of = linked.referrals_of(page)
  local ids = list.map(page, "crm_id")
  for _, deal in ipairs(page) do
    ids = list.concat(ids, ids_by_referral[deal.id] or {})
  end
  local row_of, alike = linked.rows_of(ids), named_like(page)
  for _, deal in ipairs(page) do
    local of_referral = list.map(ids_by_referral[deal.id] or {}, function(id)
      return row_of[crm.key_of(id)]
    end)
    local own = own_of[deal.id]
    if own then
      local row_by_id = row_of[crm.key_of(deal.crm_id or "")]
      settle(report, own, found(own, row_by_id, of_referral, same_name(deal, alike)), decisions)
    end
  end
  return report
end

-- Closed deals take no CRM ID any more.
local function to_link(deals, rows)
  local matched = linked.matched(deals, rows)
  local half = list.filter(matched.pairs, function(each)
    return not linked.is_whole(each)
  end)
  local open = list.filter(list.concat(list.map(half, "deal"), matched.deals), function(deal)
    return not deal.is_lead and (deal.state == "hold" or deal.state == "open")
  end)
  return open, #matched.pairs - #half
end

local function begun()
  return { without = 0, linked = named.none(), uncertain = named.none(), refused = named.none() }
end

--- {linked, uncertain, refused, without, already}; the words are those of docs/co-sell-operations.md.
function M.run(input)
  local decisions = decisions_of(input)
  local rows = linked.opportunities()
  local deals = linked.deals()
  local open, already = to_link(deals, rows)
  local ids = by_referral(rows)
  local report = foreach("Each page of deals that are not linked", linked.pages(open, PAGE), function(page, so_far)
    return look_at(page, ids, decisions, so_far or begun())
  end, { checkpoint = true }) or begun()
  report.already = already
  backfill_leads.link(deals, report)
  conclude(report.linked.count > 0 and "updated" or "no change", "linked " .. report.linked.count .. ", uncertain "
    .. report.uncertain.count .. ", without an opportunity " .. report.without .. ", linked before " .. already)
  return report
end

return M
