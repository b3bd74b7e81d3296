--- A child flow: started by other flows only, answers them with respond. See parent.lua.
return flow {
  title = "Child: square a number",
  trigger = trigger.child {},

  run = function(input)
    if condition("If it is no number, then", type(input.number) ~= "number") then
      fail("InvalidInput", "The field number must be a number.")
    end
    respond("Answer the parent", { status = 200, body = { square = input.number * input.number } })
    compose("Still running, but the parent goes on", input.number)
  end,
}
