--- Testing a flow without its services: steps that do not take place and end as the text says.
-- History marks them `static`, `tideway flows check` warns of them, and `tideway doctor` does not pass.
local nothing = connection "nothing"

return flow {
  title = "Static results",
  trigger = trigger.manual {},

  run = function()
    local order = nothing.effect("Book the order", { key = { "order", 7 }, payload = {} }, {
      static_result = { output = { payload = { number = "N-1007" } } },
    })
    local mailed = try("(Try) Send the mail", function()
      nothing.effect("Send the mail", { key = { "mail", 7 }, payload = {} }, {
        static_result = { status = "Failed", error = { code = "MailboxFull", message = "The mailbox is full." } },
      })
    end)
    local squared = run_child_flow("Square seven", "child", { number = 7 }, {
      static_result = { output = { square = 49 } },
    })
    -- false is the same as none: kept for another time.
    nothing.effect("Write it down", { key = { "note", 7 }, payload = { squared = squared.square } },
      { static_result = false })
    outcome("tested", order.payload.number .. ", " .. mailed.error.code)
  end,
}
