--- Fields whose row in mapping.json has the policy `ask`: who is right is for a person to say. Until somebody has said
-- it, both sides stay as they are, and Audit and the outcome name the field. Each is a question of a run of its own
-- (decide_value.lua): the deal goes on meanwhile.

local map = require "co_sell.mapping"
local question = require "co_sell.question"

local M = {}

--- As mapping.difference, without asking about what a person has left. `question` of what is asked is the title that
-- the question has in the list of decisions.
function M.difference(own, row, later)
  local diff, left = map.difference(own, row, later), {}
  for _, each in ipairs(diff.asked) do
    left[each.field] = question.is_left(own, row, each.field) and "left" or nil
  end
  if next(left) ~= nil then
    diff = map.difference(own, row, later, { answers = left })
  end
  for _, each in ipairs(diff.asked) do
    each.question = question.about_value(own, each.field)
  end
  return diff
end

--- Asks a person about what the difference leaves to one, and waits for no answer. The reason when nobody was asked.
function M.ask(own, diff)
  if not condition("If a person has to decide, then", #diff.asked > 0) then
    return nil
  end
  local done = try("Ask a person", function()
    for _, each in ipairs(diff.asked) do
      run_child_flow("Ask whose value is right", "decide_value",
        { referral_id = own.id, engagement = own.engagementId, field = each.field })
    end
  end)
  return done.error and done.error.message
end

--- What a person has left as it is, as words; nil when that is nothing.
function M.kept(diff)
  local fields = list.map(diff.drifted, function(each)
    return each.wins == "left" and each.field or nil
  end)
  return #fields > 0 and "a person has left " .. text.join(fields, ", ") .. " as it is" or nil
end

--- What is left to a person, as words; nil when nothing is. `problem`: of M.ask.
function M.left(diff, problem)
  if #diff.asked == 0 then
    return nil
  end
  local fields = text.join(list.map(diff.asked, "field"), ", ")
  return "a person has to decide " .. fields .. (problem and ", but nobody was asked: " .. problem or "")
end

return M
