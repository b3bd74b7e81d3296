--- Asks a person whose value of a field is right, and brings it to the other side. The question stands outside of the
-- deal's turn: the deal goes on, and both sides are read again when the answer is there.

local again = require "co_sell.again"
local audit = require "co_sell.audit"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local map = require "co_sell.mapping"
local opportunity = require "lib.opportunity"
local question = require "co_sell.question"
local states = require "co_sell.states"

local referrals = connection "partner_center_referrals"

local M = {}

local SIDE = { partner_center = "Partner Center", crm = "the CRM" }

-- The field alone, as it has to be decided: `right` is a side, or "ask".
local function difference(own, row, field, right)
  return map.difference(own, row, right, { only = { [field] = true }, answers = { [field] = right } })
end

-- How the run ends when there is nothing to decide; nil when there is.
local function nothing_to_decide(own, row, field)
  if row == nil then
    return conclude("ignored", "the deal has no opportunity any more")
  elseif own.status == "Closed" or states.is_closed(row.state) then
    return conclude("no change", "the deal is over")
  elseif not difference(own, row, field, "ask").any then
    return conclude("no change", "both sides have the same " .. field)
  elseif question.is_left(own, row, field) then
    return conclude("no change", "a person has left " .. field .. " as it is")
  end
end

local function read(input)
  local own = referrals.get_referral("Get the referral", { id = input.referral_id })
  return own, crm.find("Find the opportunity", own)
end

local function words_of(value)
  return value == nil and "(empty)" or tostring(value)
end

local function words_about(own, row, field)
  local each = difference(own, row, field, "ask").asked[1]
  local theirs, ours = words_of(each.partner_center), words_of(each.crm)
  return {
    key = own.id .. " " .. field,
    title = question.about_value(own, field),
    reason = "Partner Center has \"" .. theirs .. "\" (referral " .. own.id .. "), the CRM has \"" .. ours
      .. "\" (opportunity " .. row.id .. ").",
    choices = {
      partner_center = "the CRM gets Partner Center's value: " .. theirs,
      crm = "Partner Center gets the CRM's value: " .. ours,
      leave = "both stay as they are; it is asked again when one of them changes",
    },
    default = "leave",
    timeout = "P14D",
  }
end

-- Nobody is remembered to have left it as it is when nobody has answered.
local function leave(own, row, field, person)
  if condition("If nobody has answered, then", person == "") then
    return conclude("conflict", "nobody has decided " .. field)
  end
  local decision = field .. " stays different " .. question.mark(own, row, field)
  opportunity.write("Write the decision into Audit", row,
    audit.with_line(nil, row, "Decision of " .. person .. ": " .. decision .. "."))
  return conclude("no change", person .. " leaves " .. field .. " as it is")
end

local function refuse(row, reason, person)
  local sentence = "Decision of " .. person .. ": refused, " .. reason .. "."
  opportunity.write("Write the refusal into Audit", row, audit.with_line(nil, row, sentence))
  return conclude("refused", reason)
end

-- Brings the value to the side that is not right; Audit says whose decision it was.
local function carry_over(own, row, field, said)
  local diff = difference(own, row, field, said.answer)
  local is_to_referral, is_to_row = next(diff.referral.changes) ~= nil, next(diff.crm.changes) ~= nil
  if condition("If there is nothing to carry over, then", not is_to_referral and not is_to_row) then
    return refuse(row, diff.withheld[1] or field .. " is empty in " .. SIDE[said.answer], said.person)
  end
  local reason = field .. " of " .. SIDE[said.answer]
  local changes = audit.with_line(diff.crm.changes, row, "Decision of " .. said.person .. ": " .. reason .. ".")
  if condition("If the CRM is right, then", is_to_referral) then
    referrals.patch_referral("Update the referral", { id = own.id, etag = own.eTag, changes = diff.referral.changes })
    opportunity.write("Write the decision into Audit", row, changes)
  else
    opportunity.update(row, { changes = changes })
  end
  return conclude("updated", reason .. ", by " .. said.person)
end

-- How the run ends; nil when the values are not those that were asked about.
local function settle(input, mark, said)
  local own, row = read(input)
  local done = nothing_to_decide(own, row, input.field)
  if done then
    return done
  elseif condition("If the values have changed since, then", question.mark(own, row, input.field) ~= mark) then
    return nil
  elseif said.answer == "leave" then
    return leave(own, row, input.field, said.person)
  end
  return carry_over(own, row, input.field, said)
end

-- What is to be asked, when everything before it is done with the deal; or how the run ends without asking.
local function prepare(input)
  local own, row = read(input)
  track { referral = own.id, engagement = own.engagementId, crm_id = row and row.id }
  local done = nothing_to_decide(own, row, input.field)
  if done then
    return { done = done }
  end
  return { words = words_about(own, row, input.field), mark = question.mark(own, row, input.field) }
end

local function decide(input)
  local asked = exclusive("One run per deal", input.engagement, function()
    return prepare(input)
  end)
  if asked.done then
    return asked.done
  end
  local said = wait_for_decision("Ask whose value is right", asked.words)
  if condition("If another run asks, then", said.elsewhere == true) then
    return conclude("conflict", input.field .. " is asked about by another run")
  end
  local done = exclusive("One run per deal", input.engagement, function()
    return again.while_changed(function()
      return settle(input, asked.mark, said)
    end)
  end)
  return done or decide(input)
end

--- The caller goes on at once. `input`: {referral_id, engagement, field}.
function M.run(input)
  respond("The caller goes on", { body = { asks = input.field } })
  return decide(input)
end

return M
