--- Reconcile: what is on both sides, what has no other side, and what differs; and puts right what differs when asked.

local alone = require "co_sell.alone"
local ask = require "co_sell.ask"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local named = require "co_sell.named"
local pair = require "co_sell.pair"
local states = require "co_sell.states"
local sync = require "lib.sync"

local M = {}

M.inputs = {
  {
    name = "heal", type = "yes_no", title = "Put right what differs", default = false,
    description = "Each pair that differs is synchronized from the side that is right.",
  },
  {
    name = "people", type = "yes_no", title = "Compare contacts and teams too", default = false,
    description = "Takes some requests for each pair, instead of two for 25.",
  },
}

local function by_state(items)
  local out = { hold = 0, open = 0, won = 0, lost = 0 }
  for _, item in ipairs(items) do
    out[item.state] = out[item.state] + 1
  end
  return out
end

-- What healing does something about: it carries the field over, or asks a person.
local function is_news(field)
  return field.wins == "partner_center" or field.wins == "crm" or field.wins == "ask"
end

-- How the flow ended that brings the deal over from the side that is right.
local function heal(own, row, right)
  local done = try("Put right", function()
    if right == "partner_center" then
      return sync.to_crm(own.id)
    end
    return sync.to_partner_center(row.id)
  end)
  return done.error and { outcome = "failed", reason = done.error.message } or done.value
end

-- Of a deal that is over on both sides only how it ended.
local function drifted(own, row, right)
  local all = ask.difference(own, row, right).drifted
  if own.status ~= "Closed" or not states.is_closed(row.state) then
    return all
  end
  return list.filter(all, function(field)
    return field.field == map.status_field
  end)
end

local function compare(found, own, row, input, us)
  local right = pair.right_side(own, row, us)
  local fields = drifted(own, row, right)
  if #fields == 0 then
    found.equal = found.equal + 1
    return
  end
  local item = { referral = own.id, record = row.id, name = own.name, fields = fields }
  if condition("If it is to be put right, then", input.heal and list.any(fields, is_news)) then
    item.healed = heal(own, row, right)
    found.healed = found.healed + (item.healed.outcome == "updated" and 1 or 0)
  end
  named.add(found.different, item)
end

-- Pairs of which only one side names the other.
local function note_half_linked(found, each)
  local has_referral = each.row.referral_id == each.deal.id
  if has_referral and linked.is_whole(each) then
    return
  end
  named.add(found.half_linked, {
    referral = each.deal.id, record = each.row.id, name = each.deal.name,
    reason = has_referral and "the deal does not carry the CRM ID" or "the opportunity does not carry the referral",
  })
end

-- What was found so far goes from page to page.
local function compare_all(pairs_found, input)
  local us = crm.our_user()
  local nothing = { equal = 0, healed = 0, different = named.none(), half_linked = named.none() }
  return foreach("Each page of pairs", linked.pages(pairs_found), function(page, found)
    found = found or nothing
    for _, each in ipairs(linked.read(page, input.people)) do
      compare(found, each.own, each.row, input, us)
    end
    for _, each in ipairs(page) do
      note_half_linked(found, each)
    end
    return found
  end, { checkpoint = true }) or nothing
end

local function concluded(report)
  local counts = {
    report.different.count .. " of " .. report.pairs .. " pairs differ",
    report.healed > 0 and "put right: " .. report.healed or nil,
  }
  for _, each in ipairs({
    { report.only_in_partner_center, "only in Partner Center" }, { report.only_in_crm, "only in the CRM" },
    { report.gone, "gone" }, { report.half_linked, "linked on one side only" },
  }) do
    counts[#counts + 1] = each[1].count > 0 and each[1].count .. " " .. each[2] or nil
  end
  local is_equal = #counts == 1 and report.different.count == 0
  conclude(is_equal and "no change" or report.healed > 0 and "updated" or "different", text.join(counts, ", "))
  return report
end

--- The report, in the words of docs/co-sell-operations.md.
function M.run(input)
  local deals, rows = linked.deals(), linked.opportunities()
  local matched = linked.matched(deals, rows)
  local report = compare_all(matched.pairs, input)
  local lone_deals, lone_rows = alone.deals(matched.deals), alone.rows(matched.rows)
  report.pairs = #matched.pairs
  report.states = { partner_center = by_state(deals), crm = by_state(rows) }
  report.only_in_partner_center, report.only_in_crm = lone_deals.alone, lone_rows.alone
  report.gone = named.both(lone_deals.gone, lone_rows.gone)
  return concluded(report)
end

return M
