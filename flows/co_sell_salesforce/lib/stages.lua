--- Which stage an opportunity gets for the state of its deal.

local salesforce = connection "salesforce"

local M = {}

local function closed_stage(state)
  local found = salesforce.query("Find the stage of a closed deal", {
    soql = "SELECT ApiName FROM OpportunityStage WHERE IsActive = TRUE AND IsClosed = TRUE AND IsWon = :won"
      .. " ORDER BY SortOrder LIMIT 1",
    values = { won = state == "won" },
  })
  if found.records[1] == nil then
    fail("StageMissing", "Salesforce has no active stage for deals that were " .. state .. ".",
      "Activate one in Setup, Opportunity Stages, then resubmit the run.")
  end
  return found.records[1].ApiName
end

--- The API name of the stage.
function M.of(state)
  if state == "hold" then
    return env("on_hold_stage")
  end
  return state == "open" and env("active_stage") or closed_stage(state)
end

return M
