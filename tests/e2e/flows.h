// Flows that tests of the whole program run.
#pragma once

namespace tideway::testing {

constexpr const char* kEcho = R"(
return flow {
  title = "Echo",
  trigger = trigger.http_request {},
  run = function(event)
    respond { status = 200, body = { got = event.body } }
  end,
})";

// Its caller gets 202 as soon as the event is durable.
constexpr const char* kKeeps = R"(
return flow {
  title = "Keeps",
  trigger = trigger.http_request {},
  run = function(event)
    return { number = event.body.number }
  end,
})";

constexpr const char* kHello = R"(
return flow {
  title = "Hello",
  trigger = trigger.manual {},
  run = function(event)
    return { greeting = "Hello " .. event.name }
  end,
})";

constexpr const char* kEndless = R"(
return flow {
  title = "Endless",
  trigger = trigger.manual {},
  run = function()
    while true do end
  end,
})";

constexpr const char* kWaits = R"(
return flow {
  title = "Waits",
  trigger = trigger.manual {},
  run = function(event)
    local before = compose("Before", { made = uuid() })
    delay("A while", 3)
    return { before = before.made, name = event.name }
  end,
})";

constexpr const char* kChild = R"(
return flow {
  title = "Child",
  trigger = trigger.child {},
  run = function(input)
    return { twice = input.n * 2 }
  end,
})";

constexpr const char* kParent = R"(
return flow {
  title = "Parent",
  trigger = trigger.manual {},
  run = function()
    return run_child_flow("Call the child", "child", { n = 4 })
  end,
})";

constexpr const char* kReadsDeals = R"(
local deals = connection "deals"
return flow {
  title = "Reads deals",
  trigger = trigger.manual {},
  run = function()
    return deals.get_referral("Get the deal", { id = "1" }, { retry = { type = "none" } })
  end,
})";

constexpr const char* kCallsService = R"(
local web = connection "web"
return flow {
  title = "Calls a service",
  trigger = trigger.manual {},
  run = function(event)
    return web.get("Ask the service", { uri = event.uri }, { retry = { type = "none" }, timeout = 1 })
  end,
})";

}  // namespace tideway::testing
