--- Asks a person which opportunity a deal belongs to, where backfill is not certain, and links them.

local conclude = require "co_sell.conclude"
local link = require "co_sell.link"
local question = require "co_sell.question"

local M = {}

local NONE = "none"

local function words_of(each)
  return text.join(list.values({ each.name, each.account, each.value and tostring(each.value), each.closing }), ", ")
end

local function words_about(deal)
  local choices = { [NONE] = "none of them: nothing is linked" }
  for _, each in ipairs(deal.candidates) do
    choices[each.record] = words_of(each)
  end
  local value = deal.value and deal.value .. " " .. tostring(deal.currency)
  local facts = { deal.account, value, deal.closing, deal.referral }
  return {
    key = deal.referral,
    title = question.about_match(deal.name),
    reason = "The deal: " .. text.join(list.values(facts), ", ") .. ". It is not certain: " .. deal.reason .. ".",
    choices = choices,
    default = NONE,
    timeout = "P14D",
  }
end

--- The caller goes on at once. `deal`: the facts of both sides that backfill has found.
function M.run(deal)
  respond("The caller goes on", { body = { asks = deal.referral } })
  track { referral = deal.referral, engagement = deal.engagement }
  local said = wait_for_decision("Ask which opportunity it is", words_about(deal))
  if condition("If another run asks, then", said.elsewhere == true) then
    return conclude("conflict", "another run asks about the deal")
  elseif condition("If nobody has answered, then", said.person == "") then
    return conclude("conflict", "nobody has decided")
  elseif condition("If it is none of them, then", said.answer == NONE) then
    return conclude("no change", said.person .. ": none of them")
  end
  track { crm_id = said.answer }
  local problem = link.in_turn({ id = deal.referral, engagement = deal.engagement, crm_id = deal.crm_id }, said.answer,
    "decision of " .. said.person)
  if problem then
    return conclude("refused", problem)
  end
  return conclude("updated", "linked with " .. said.answer .. ", by " .. said.person)
end

return M
