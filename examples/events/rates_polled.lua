--- Polls any address: asks for exchange rates every ten minutes, and runs once for each rate of a day.
-- An answer that is the one before starts nothing: the service is asked with its ETag or date, and the answer
-- is compared by its content. The first answer is taken as known.
-- A connection to the service:  tideway connections add http --name web --set base_url=https://api.example.com
return flow {
  title = "When a rate changes",
  trigger = trigger.http_poll {
    uri = "/v1/latest",
    queries = { base = "EUR" },
    recurrence = { frequency = "Minute", interval = 10 }, -- unless the service says Retry-After
    condition = function(event)
      return event.body.rates ~= nil
    end,
    dedupe_by = function(event) -- what changes later on the same day is of no interest
      return event.body.day
    end,
    split_on = function(event)
      return event.body.rates
    end,
  },

  run = function(rate)
    outcome("seen", text.join({ rate.currency, rate.value }, " "))
  end,
}
