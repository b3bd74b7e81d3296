--- Subscribes at any service: turning the flow on registers its address there, turning it off takes it back.
-- {callback_url} is the flow's signed address; {answer/...} is what the answer to the subscription has there;
-- {expires} is the end of a subscription that lives `lifetime_s` seconds, and a day before it (of shorter ones
-- when a quarter is left) it is renewed.
return flow {
  title = "When an order comes in",
  trigger = trigger.http_webhook {
    subscribe = {
      method = "POST",
      uri = "/subscriptions",
      body = { url = "{callback_url}", resource = "orders", expires = "{expires}" },
    },
    renew = { method = "PATCH", uri = "/subscriptions/{answer/body/id}", body = { expires = "{expires}" } },
    unsubscribe = { method = "DELETE", uri = "/subscriptions/{answer/body/id}" },
    lifetime_s = 3 * 24 * 3600, -- or expires_at = "/body/expires", where the answer says it
    dedupe_by = function(event)
      return event.headers["x-delivery-id"]
    end,
  },

  run = function(event)
    -- Services that ask first whether the address wants to be called are answered here.
    if condition("If the service asks whether it is welcome, then", event.queries.challenge ~= nil) then
      local plain = { ["Content-Type"] = "text/plain" }
      respond("Say yes", { status = 200, headers = plain, body = event.queries.challenge })
      return outcome("welcomed")
    end
    respond("Take it", { status = 202 })
    outcome("taken", event.body.number)
  end,
}
