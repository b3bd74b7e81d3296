--- A secret: sealed in the store, put into a request, and shown nowhere.
-- Set it:  tideway variables set api_key -      (reads it from standard input)
-- Until it is set, this flow cannot be turned on.
local web = connection "web"

return flow {
  title = "A secret variable",
  trigger = trigger.manual {},

  run = function()
    local key = env "api_key"
    -- It goes into secret fields of operations and nowhere else: it cannot be printed, joined or compared.
    local refused = try("(Try) Print it", function()
      compose("Print it", "The key is " .. key)
    end)
    web.request("Report", {
      method = "POST",
      uri = "https://shop.fabrikam.example/reports",
      headers = { ["X-API-Key"] = key },
      body = { text = "All is well." },
    })
    outcome("reported", refused.status)
  end,
}
