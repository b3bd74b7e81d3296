--- A new opportunity with the people of its deal.

local salesforce = connection "salesforce"
local children = require "co_sell.children"
local map = require "co_sell.mapping"
local people = require "co_sell.people"

local M = {}

-- A user who may not own opportunities, or was switched off a moment ago, is no reason to lose the deal: whatever is
-- refused is tried without the owner, and fails then if it was not that. The referral's id names the record, so
-- that there is never a second one.
local function upsert(own, record)
  local input = { object = "Opportunity", field = map.column.referral_id, value = own.id, record = record }
  local done = try("Create the opportunity", function()
    return salesforce.upsert_record("Create opportunity", input)
  end)
  local is_refused = done.status == "Failed" and not done.error.retryable and record.OwnerId ~= nil
  if condition("If its owner is not allowed, then", is_refused) then
    record.OwnerId = nil
    return salesforce.upsert_record("Create it without the owner", input), done.error.message
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  return done.value
end

local function create_children(own, id)
  foreach("Each record of a child object", children.of_referral(own), function(child)
    salesforce.create_record("Create the child record", {
      object = child.table, key = { id, child.value }, match = { child.parent, child.column },
      record = { [child.parent] = id, [child.column] = child.value },
    })
  end)
end

-- Without Team Selling nobody can join. A reason when that was not possible.
local function join_sales_team(id, users)
  local done = try("Add the sales team", function()
    for _, user in ipairs(users) do
      salesforce.create_record("Add to the sales team", {
        object = "OpportunityTeamMember", key = { "sales team", id, user },
        record = { OpportunityId = id, UserId = user }, match = { "OpportunityId", "UserId" },
      })
    end
  end)
  return done.error and "the sales team was not taken over: " .. done.error.message or nil
end

--- {id, problem}: the record, and what could not be done about its people.
function M.create(own, record)
  local found = { others = {}, unknown = {} }
  scope("Find owner and sales team in CRM", function()
    found = people.in_crm(own.team)
  end)
  record.OwnerId = found.owner_id
  local made, refusal = upsert(own, record)
  create_children(own, made.id)
  local team_problem
  scope("Update owner and sales team", function()
    if condition("If more people belong to the deal, then", #found.others > 0) then
      team_problem = join_sales_team(made.id, found.others)
    end
  end)
  return { id = made.id, problem = people.problems(found, refusal, team_problem) }
end

return M
