--- A webhook trigger: Dynamics 365 tells us of changed rows. Turning the flow on registers our address
-- there, turning it off takes it back.
local crm = connection "crm"

return flow {
  title = "When an opportunity is won",
  trigger = trigger.dataverse_row_changed {
    table = "opportunity",
    message = "modified",
    columns = { "statecode" }, -- only when one of them was written
    filter = "statecode eq 1", -- of the row as it is afterwards
    one_at_a_time_by = function(event)
      return event.id
    end,
  },

  run = function(event)
    -- The event is a hint: what counts is the row as it is now. A change that a flow of this environment
    -- made itself does not come here.
    local row = crm.get_row("Get the opportunity", { table = "opportunity", id = event.id })
    if condition("If it was opened again, then", row.statecode ~= 1) then
      return outcome("ignored", "open again")
    end
    crm.create_row("Create a task", {
      table = "task",
      key = { "congratulate", row.id },
      row = { subject = "Congratulate: " .. row.name },
    })
    outcome("task made", row.name)
  end,
}
