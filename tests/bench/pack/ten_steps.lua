--- Ten steps: each an effect with about 200 bytes in and out, durable before the next begins.
local noop = connection "noop"

return flow {
  title = "Ten steps",
  trigger = trigger.http_request {},
  run = function(event)
    local text = event.body.payload
    text = noop.effect("Step 1", { payload = text }).payload
    text = noop.effect("Step 2", { payload = text }).payload
    text = noop.effect("Step 3", { payload = text }).payload
    text = noop.effect("Step 4", { payload = text }).payload
    text = noop.effect("Step 5", { payload = text }).payload
    text = noop.effect("Step 6", { payload = text }).payload
    text = noop.effect("Step 7", { payload = text }).payload
    text = noop.effect("Step 8", { payload = text }).payload
    text = noop.effect("Step 9", { payload = text }).payload
    text = noop.effect("Step 10", { payload = text }).payload
    respond { status = 200, body = { text = text } }
  end,
}
