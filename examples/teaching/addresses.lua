--- Addresses: put together without forgetting to encode, and taken apart.
return flow {
  title = "Addresses",
  trigger = trigger.manual {},

  run = function()
    local address = uri.join("https://crm.contoso.example/api/", "accounts", uri.encode_component("Smith & Sons"))
    local parts = uri.parse(address .. "?" .. uri.query { top = 5, filter = "name eq 'A&B'" })
    return {
      address = address,
      host = uri.host(address),
      query = parts.query,
      encoded = uri.encode_component("a/b c"),
      decoded = uri.decode_component("a%2Fb%20c"),
    }
  end,
}
