--- Asks a person for values of several types before it starts.
-- See what it asks for:  tideway flows show order_form
-- Run it:                tideway flows run order_form --set customer=Northwind --set pieces=3 --set extras=card
return flow {
  title = "Order form",
  trigger = trigger.manual {
    inputs = {
      { name = "customer", type = "text", title = "Customer", required = true },
      { name = "pieces", type = "number", title = "Pieces", default = 1 },
      { name = "express", type = "yes_no", title = "By express?", default = false },
      { name = "due", type = "date", title = "Wanted on" },
      { name = "confirm_to", type = "email", title = "Confirm to" },
      { name = "size", type = "choice", title = "Size", choices = { "S", "M", "L" }, default = "M" },
      { name = "extras", type = "choices", title = "Extras", choices = { "box", "card", "ribbon" } },
      { name = "drawing", type = "file", title = "Drawing" },
    },
  },

  run = function(input) -- what was not given and has no default is absent
    local drawing = input.drawing and #text.from_base64(input.drawing.content) or 0
    local order = compose("Put the order together", {
      line = input.pieces .. " x " .. input.size .. " for " .. input.customer,
      extras = #(input.extras or {}),
      drawing_bytes = drawing,
    })
    outcome(input.express and "express" or "ordered", order.line)
    return order
  end,
}
