--- A notice starts the flow: what is told to people can also be given to another system.
-- Turn it on:      tideway flows on on_notice
-- See the cause:   tideway notices list
-- See the runs:    tideway runs list --flow on_notice
-- It is told of the end, too. Notices about this flow itself start nothing.
local nothing = connection "nothing" -- a ticket system in real life

return flow {
  title = "Open a ticket for a notice",
  trigger = trigger.notice {
    condition = function(event)
      return event.kind == "failure_group" or event.kind == "connection_unavailable"
    end,
  },

  run = function(event)
    -- The key is the same for the begin and the end of a notice: one ticket.
    local ticket = { "ticket", event.id }
    if condition("If it has ended, then", event.moment == "ended") then
      nothing.effect("Close the ticket", { payload = { ticket = ticket, closed = event.ended } })
      return outcome("closed", event.title)
    end
    nothing.effect("Open the ticket", {
      key = ticket,
      payload = { title = event.title, text = event.message, remedy = event.remedy },
    })
    outcome("opened", event.title)
  end,
}
