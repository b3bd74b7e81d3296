--- Effects: what changes the outside world. Each has an intent on disk before its bytes leave.
-- Run it:            tideway flows run effects --input '{"order": "N-1001"}'
-- See the steps:     tideway runs show <run> --contents
-- Same event again:  tideway runs resubmit <run>
local nothing = connection "nothing" -- the connector noop: the whole path of an effect, but no request

return flow {
  title = "Effects",
  trigger = trigger.manual {
    inputs = { { name = "order", title = "Order number", type = "text" } },
  },
  run = function(input)
    local order = input.order or "N-1001"

    -- A read changes nothing: after a crash it is simply done again.
    local read = nothing.read("Read the order", { payload = { order = order, total = "99.90" } })

    -- The intent is on disk before a byte leaves, with an idempotency key made from the first run of this
    -- lineage, the step and the input: a repetition after a crash, or a resubmit, carries the same key.
    -- `key` is the business key: on an operation that creates, the idempotency key comes from it instead,
    -- the same in every run and flow of the environment. It is not sent.
    local made = nothing.effect("Book the order", {
      key = { "booking", order },
      payload = { order = order, total = read.payload.total },
    }, { retry = { type = "exponential", count = 4, interval = "PT2S" }, timeout = "PT1M" })

    outcome("booked", made.payload.order .. " for " .. made.payload.total)
  end,
}
