--- Tells Partner Center where to report changes of referrals.
local events = connection "partner_center_referrals"

local ALL = { "referral-created", "referral-updated", "related-referral-created", "related-referral-updated" }

local function wanted(chosen)
  local out = array {}
  for _, name in ipairs(chosen or ALL) do
    out[#out + 1] = name
  end
  out[#out + 1] = "test-created" -- Partner Center sends test events only to who registered for them
  return out
end

local function is_said(value)
  return type(value) == "string" and not text.is_blank(value)
end

-- What came of the last attempt to deliver the test event.
local function delivery_code(result)
  local attempts = result.results or {}
  local last = attempts[#attempts] or {}
  if is_said(last.responseCode) then
    return last.responseCode
  end
  return is_said(last.responseMessage) and last.responseMessage or tostring(result.status)
end

local M = {}

--- The events that a pack needs.
M.ALL = ALL

M.inputs = {
  { name = "url", title = "Http Trigger Endpoint", type = "text", required = true },
  { name = "events", title = "Events to Register", type = "choices", choices = ALL },
  { name = "overwrite", title = "Overwrite existing trigger endpoints if present?", type = "yes_no" },
}

--- Registers the address that a person gave. `receiver` is the title of the flow whose address it should be.
function M.run(input, receiver)
  local remedy = "Copy the HTTP POST URL of the flow " .. receiver .. "."
  if condition("If no endpoint is given, then", type(input.url) ~= "string" or text.is_blank(input.url)) then
    fail("InvalidInput", "Http Trigger Endpoint is required.", remedy)
  end
  if condition("If it is no web address, then", string.find(input.url, "^https?://[^/]+") == nil) then
    fail("InvalidInput", "Http Trigger Endpoint must start with https://, not '" .. input.url .. "'.", remedy)
  end
  if condition("If no event is chosen, then", input.events ~= nil and #input.events == 0) then
    fail("InvalidInput", "Events to Register is empty.",
      "Choose at least one event, or leave the field out for all four.")
  end
  local registration = { url = input.url, events = wanted(input.events) }
  local current = events.view_webhook_registration("View registration", {})
  if condition("If nothing is registered, then", not current.registered) then
    events.register_webhook("Event registration", registration)
  elseif condition("If it may be overwritten, then", input.overwrite == true or current.url == input.url) then
    events.update_webhook_registration("Update registration", registration)
  else
    return outcome("refused", "another endpoint is registered: " .. current.url)
  end

  local test = events.send_test_event("Send a test event", {})
  local result
  repeat_until("Until the test event is delivered", { limit = 15, timeout = "PT1M" }, function()
    delay("Wait for the delivery", 1)
    result = events.get_test_event_result("Get the delivery result", { correlation_id = test.correlation_id })
    return result.status == "completed" or result.status == "failed"
  end)
  local stored = events.view_webhook_registration("View the stored registration", {})
  if condition("If the test event was delivered, then", result.status == "completed") then
    outcome("registered", stored.url)
  else
    outcome("registered", "not delivered: " .. delivery_code(result))
  end
  return { registered = stored, delivery = result }
end

return M
