--- Backfill: links deals and opportunities that were there before, and makes nothing. By CRM ID, by Referral
-- Identifier, then by name, account and value. What is certain is linked; about the rest a person is asked,
-- in a run of its own each (decide_match.lua): nothing waits for the answers.

local backfill_leads = require "co_sell.backfill_leads"
local check_mark = require "co_sell.check_mark"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local link = require "co_sell.link"
local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local named = require "co_sell.named"
local question = require "co_sell.question"
local is_set = require("co_sell.values").is_set

local M = {}

-- Deals of which names are looked for at once: addresses have an end.
local PAGE = 10

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

local function uncertain(own, rows, reason)
  local candidates = list.map(rows, function(row)
    return facts_of_row(own, row)
  end)
  return {
    referral = own.id, engagement = own.engagementId, crm_id = own.externalReferenceId, name = own.name,
    account = own.customerProfile.name, value = own.details.dealValue, currency = own.details.currency,
    closing = own.details.closingDateTime, reason = reason, candidates = candidates,
    question = question.about_match(own.name),
  }
end

-- {row, by} when it is certain whom the deal belongs to; else {question}; nothing without any candidate.
local function found(own, row_by_id, rows_by_referral, rows_by_name)
  local named_by_ids = list.union({ row_by_id }, rows_by_referral)
  local other = row_by_id and row_by_id[map.column.referral_id]
  if #named_by_ids > 1 then
    return { question = uncertain(own, named_by_ids, "several opportunities name it, or are named by it") }
  elseif is_set(other) and other ~= own.id then
    return { question = uncertain(own, named_by_ids, "the opportunity with its CRM ID belongs to the deal " .. other) }
  elseif #named_by_ids == 1 then
    return { row = named_by_ids[1], by = row_by_id and "CRM ID" or "Referral Identifier" }
  end
  local alike = list.filter(rows_by_name, function(row)
    local facts = facts_of_row(own, row)
    return facts.same_account or facts.same_value
  end)
  if #alike > 0 then
    return { question = uncertain(own, alike, "the name is the same, and account or value") }
  end
  return {}
end

local function link_in_turn(report, own, row_id, by)
  local deal = { id = own.id, engagement = own.engagementId, crm_id = own.externalReferenceId }
  local problem = link.in_turn(deal, row_id, by)
  named.add(problem and report.refused or report.linked,
    { referral = own.id, record = row_id, name = own.name, by = by, reason = problem })
end

local function ask(report, deal)
  local done = try("Ask a person", function()
    run_child_flow("Ask which opportunity it is", "decide_match", deal)
  end)
  deal.problem = done.error and done.error.message
  named.add(report.uncertain, deal)
end

local function settle(report, own, match)
  if match.row then
    link_in_turn(report, own, match.row.id, match.by)
  elseif match.question then
    ask(report, match.question)
  else
    report.without = report.without + 1
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
local function look_at(page, ids_by_referral, report)
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
      settle(report, own, found(own, row_by_id, of_referral, same_name(deal, alike)))
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
function M.run()
  local rows = linked.opportunities()
  local deals = linked.deals()
  local open, already = to_link(deals, rows)
  local ids = by_referral(rows)
  local report = foreach("Each page of deals that are not linked", linked.pages(open, PAGE), function(page, so_far)
    return look_at(page, ids, so_far or begun())
  end, { checkpoint = true }) or begun()
  report.already = already
  backfill_leads.link(deals, report)
  conclude(report.linked.count > 0 and "updated" or "no change", "linked " .. report.linked.count .. ", uncertain "
    .. report.uncertain.count .. ", without an opportunity " .. report.without .. ", linked before " .. already)
  return report
end

return M
