--- What a changed row means for its referral. Each function gives {outcome, reason, sentence, changes}: how the run
-- ends, what Audit says about it, and what of the row goes back to what Partner Center has.

local ask = require "co_sell.ask"
local check_mark = require "co_sell.check_mark"
local map = require "co_sell.mapping"
local new_referral = require "co_sell.new_referral"
local pair = require "co_sell.pair"

local referrals = connection "partner_center_referrals"

local M = {}

local NAME_STAYS = "Name is not carried over; Partner Center takes it only when a deal is made"

--- A closed deal takes nothing any more.
function M.refuse(own, row)
  local diff = map.difference(own, row, "crm")
  if condition("If the opportunity says otherwise, then", diff.any) then
    local reason = "the deal is closed in Partner Center as " .. tostring(own.substatus)
    return {
      outcome = "refused", reason = reason, sentence = "Update: refused, " .. reason .. ".", mark = check_mark.FAILURE,
    }
  end
  return { outcome = "no change" }
end

local function updated(reasons, sentence, back)
  return {
    outcome = "updated", reason = text.join(reasons, "; "), sentence = sentence, changes = back.changes,
    mark = check_mark.SUCCESS,
  }
end

-- What is not carried over, as words. `asked` is what a person has to decide.
local function stays(diff, own, row, asked)
  local name = not map.is_equal(own, row, "name") and NAME_STAYS or nil
  return text.join(list.concat(diff.withheld, { name }, { asked }), "; ")
end

--- Patches the referral with what differs. `row.team` has to be there.
function M.carry_over(own, row)
  local diff = ask.difference(own, row, pair.later_than_referral(own, row))
  local made = new_referral.microsoft_half_if_missing(own, row)
  local asked = ask.left(diff, ask.ask(own, diff))
  local left, back = stays(diff, own, row, asked), diff.back.crm
  if condition("If there is difference between the lead objects in Partner Center and CRM, then",
    next(diff.referral.changes) ~= nil) then
    referrals.patch_referral("Update a referral with opportunity data",
      { id = own.id, etag = own.eTag, changes = diff.referral.changes })
    local sentence = "Update: sync success" .. (left ~= "" and "; " .. left or "") .. "."
    return updated(list.concat({ text.join(diff.referral.fields, ", ") }, { asked }), sentence, back)
  elseif made then
    return updated({ "Microsoft's help" }, "Microsoft's help was asked for.", back)
  elseif next(back.changes) ~= nil then
    local reason = "Partner Center decides " .. text.join(back.fields, ", ")
    return updated({ reason }, "Update: taken back, " .. reason .. ".", back)
  elseif left ~= "" then
    local word = #diff.asked > 0 and "conflict" or "no change"
    return { outcome = word, reason = left, sentence = "Update: " .. left .. "." }
  end
  return { outcome = "no change", reason = ask.kept(diff) or diff.any and "Partner Center is newer" or nil }
end

return M
