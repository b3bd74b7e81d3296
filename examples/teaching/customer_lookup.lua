--- A web address with a value in its path: GET .../invoke/customer/<id>?sig=...
-- Its address for one customer:  tideway flows url customer_lookup --relative customer/C-7
-- For a partner, for a month:    tideway flows url customer_lookup --key secondary --expires 30d
local CUSTOMERS = { ["C-7"] = "Contoso", ["F-1"] = "Fabrikam" }

return flow {
  title = "Look a customer up",
  trigger = trigger.http_request { method = "GET", relative_path = "customer/{id}" },

  run = function(event)
    local name = CUSTOMERS[event.path.id]
    if condition("If the customer is unknown, then", name == nil) then
      respond("Not found", { status = 404, body = { message = "There is no customer " .. event.path.id .. "." } })
      return outcome("unknown")
    end
    respond("Answer", { status = 200, body = { id = event.path.id, name = name } })
    outcome("found", name)
  end,
}
