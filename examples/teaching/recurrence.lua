--- The clock starts runs: working days at 8:30 in Berlin, whatever the server's own time zone is.
-- The next ten times:  tideway flows check recurrence
return flow {
  title = "On working days at half past eight",
  trigger = trigger.recurrence {
    frequency = "Week",
    time_zone = "Europe/Berlin", -- or "W. Europe Standard Time"
    schedule = {
      week_days = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday" },
      hours = 8,
      minutes = 30,
    },
    missing_hour = "shift", -- when clocks go forward over it: later by as much
    doubled_hour = "first", -- when clocks go back over it: not twice
    after_downtime = "once", -- one run for all firings while the server was down
  },

  run = function(event)
    if condition("If firings were missed, then", event.missed > 0) then
      log("The server was down.", { missed = event.missed })
    end
    outcome("on time", time.format(event.scheduledTime, "HH:mm", event.timeZone))
  end,
}
