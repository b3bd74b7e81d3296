--- Apply the mapping to linked records: after rows of mapping.json were changed, brings what these fields say on
-- the side that is right to the other one, in all pairs. Other fields and states stay.

local again = require "co_sell.again"
local audit = require "co_sell.audit"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local linked = require "co_sell.linked"
local map = require "co_sell.mapping"
local named = require "co_sell.named"
local opportunity = require "lib.opportunity"
local pair = require "co_sell.pair"
local people = require "co_sell.people"
local states = require "co_sell.states"

local referrals = connection "partner_center_referrals"

local M = {}

M.inputs = {
  {
    name = "fields", type = "choices", required = true, title = "Fields", choices = map.compared(),
    description = "The rows of mapping.json that were changed.",
  },
}

-- A field that goes one way has one side that can be right, whoever was there last.
local function options_for(fields)
  local out = { only = {}, answers = {} }
  for _, field in ipairs(fields) do
    out.only[field] = true
    out.answers[field] = map.source_of(field)
  end
  return out
end

local function difference(own, row, us, options)
  return map.difference(own, row, pair.later_than_row(own, row, us), options)
end

-- What is over takes nothing any more.
local function can_change(own, row, diff)
  local is_over = own.status == "Closed" or states.is_closed(row.state)
  return not is_over and (next(diff.crm.changes) ~= nil or next(diff.referral.changes) ~= nil)
end

-- How many pairs have a field that differs and a side that is right; the others that differ are named.
local function count(pages, us, options)
  local nothing = { to_change = 0, left = named.none() }
  return foreach("Compare each page of pairs", pages, function(page, found)
    found = found or nothing
    for _, each in ipairs(linked.read(page, map.needs_people(options.only))) do
      local diff = difference(each.own, each.row, us, options)
      if can_change(each.own, each.row, diff) then
        found.to_change = found.to_change + 1
      elseif diff.any then
        named.add(found.left,
          { referral = each.own.id, record = each.row.id, name = each.own.name, fields = diff.drifted })
      end
    end
    return found
  end, { checkpoint = true }) or nothing
end

local function read(each, options)
  local own = referrals.get_referral("Get the referral", { id = each.own.id })
  local row = crm.get("Get the opportunity", each.row.id)
  if map.needs_people(options.only) then
    row.team = people.wanted(own, row)
  end
  return own, row
end

-- Both sides are compared again: whoever was faster is right.
local function update(each, us, options)
  local own, row = read(each, options)
  local diff = difference(own, row, us, options)
  if not condition("If it still differs, then", can_change(own, row, diff)) then
    return
  end
  if condition("If Partner Center gets something, then", next(diff.referral.changes) ~= nil) then
    referrals.patch_referral("Update the referral", { id = own.id, etag = own.eTag, changes = diff.referral.changes })
  end
  local fields = text.join(list.union(diff.crm.fields, diff.referral.fields), ", ")
  opportunity.update(row,
    { changes = audit.with_line(diff.crm.changes, row, "The changed mapping was applied: " .. fields .. ".") })
end

local function update_in_turn(each, us, options)
  exclusive("One run per deal", each.own.engagementId, function()
    again.while_changed(function()
      update(each, us, options)
    end)
  end)
end

local function update_all(pages, us, options)
  foreach("Change each page of pairs", pages, function(page)
    for _, each in ipairs(linked.read(page, map.needs_people(options.only))) do
      if can_change(each.own, each.row, difference(each.own, each.row, us, options)) then
        update_in_turn(each, us, options)
      end
    end
  end)
end

--- {linked, changed, left}: how many pairs there are, how many differ and are changed, and which are left.
function M.run(input)
  local options, us = options_for(input.fields), crm.our_user()
  local matched = linked.matched(linked.deals(), linked.opportunities())
  local pages = linked.pages(matched.pairs)
  local found = count(pages, us, options)
  compose("Linked records", { linked = #matched.pairs, to_change = found.to_change, left = found.left.count })
  if condition("If any record is to be changed, then", found.to_change > 0) then
    update_all(pages, us, options)
  end
  conclude(found.to_change > 0 and "updated" or "no change",
    found.to_change .. " of " .. #matched.pairs .. " linked records")
  return { linked = #matched.pairs, changed = found.to_change, left = found.left }
end

return M
