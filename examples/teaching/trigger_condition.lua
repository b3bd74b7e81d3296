--- A trigger's condition: an event that does not matter is recorded and starts no run.
-- See those events:  tideway events list --flow trigger_condition
return flow {
  title = "Only what is urgent",
  trigger = trigger.http_request {
    method = "POST",
    -- It gets the event, cannot run steps, and is asked before the sender gets 202.
    condition = function(event)
      return type(event.body) == "table" and event.body.priority == "urgent"
    end,
  },

  run = function(event)
    outcome("taken", event.body.subject)
  end,
}
