--- Scopes, loops and branches of the flow language, over the engine's primitives.
-- enter/leave begin and end a scope (and wait for the host if need be); pcall is the engine's, which
-- lets no stop be caught; fork runs branches and waits for all of them.
local engine = ...
local enter, enter_iteration, leave, fork = engine.enter, engine.enter_iteration, engine.leave, engine.fork
local pcall, error, type, tostring, pairs = engine.pcall, engine.error, engine.type, engine.tostring, engine.pairs
local null, array, json = engine.null, engine.array, engine.json

local function expect(what, value, wanted, level)
  if type(value) ~= wanted then
    error(what .. " must be a " .. wanted .. ", got " .. type(value), level or 3)
  end
end

local no_options = {}

-- f(name, body) or f(name, options, body).
local function options_and_body(what, options, body)
  if body == nil and type(options) == "function" then
    return no_options, options
  end
  expect(what .. ": the options (second argument)", options, "table", 4)
  expect(what .. ": the body (last argument)", body, "function", 4)
  return options, body
end

-- The option `timeout` in seconds, or the default. Options that are misspelt would be ignored without
-- a word: `known` names all.
local function timeout_of(what, options, known, default)
  for key in pairs(options) do
    if not known.names[key] then
      error(what .. ": the options have no field '" .. tostring(key) .. "'; they have " .. known.text, 4)
    end
  end
  if options.timeout == nil then
    return default
  end
  local seconds, most = engine.duration(options.timeout), engine.wait_seconds_max
  if not (seconds > 0 and seconds <= most) then
    error(what .. ": the timeout must be more than 0 and at most " .. most // 86400 .. " days", 4)
  end
  return seconds
end

local scope_options = { names = { timeout = true }, text = "timeout" }

local function time_limit(what, options)
  if options == no_options then
    return nil
  end
  local seconds = timeout_of(what, options, scope_options)
  return seconds and { timeout = seconds }
end

-- A whole number within bounds, or the default.
local function whole(what, value, default, most)
  if value == nil then
    return default
  end
  if type(value) ~= "number" or value % 1 ~= 0 or value < 1 or value > most then
    error(what .. " must be a whole number from 1 to " .. most, 3)
  end
  return value // 1
end

local function close(ok, ...)
  local failure = leave(ok, (...))
  if not ok then
    error(failure, 0)
  end
  return ...
end

-- scope(name, body) or scope(name, options, body).
local function scope(name, options, body)
  options, body = options_and_body("scope", options, body)
  enter("scope", name, time_limit("scope", options))
  return close(pcall(body))
end

local function attempt(ok, ...)
  local failure = leave(ok, (...))
  if ok then
    return { status = "Succeeded", value = (...) }
  end
  return { status = failure.status or "Failed", error = failure }
end

-- try(name, body) or try(name, options, body).
local function try(name, options, body)
  options, body = options_and_body("try", options, body)
  enter("try", name, time_limit("try", options))
  return attempt(pcall(body))
end

local function choose(value, cases)
  if value == nil or value == null then
    return "default", cases.default
  end
  local body = cases[value]
  if body == nil then
    body = cases[tostring(value)]
  end
  if body == nil then
    return "default", cases.default
  end
  return tostring(value), body
end

local function run_case(value, cases)
  local label, body = choose(value, cases)
  if body == nil then
    return nil
  end
  enter("case", label)
  return close(pcall(body))
end

local function switch(name, value, cases)
  expect("switch: the cases (third argument)", cases, "table")
  for key, body in pairs(cases) do
    expect("switch: case '" .. tostring(key) .. "'", body, "function")
  end
  enter("switch", name, { value = value })
  return close(pcall(run_case, value, cases))
end

local function run_item(body, items, i)
  enter_iteration(i)
  local ok, failure = pcall(body, items[i], i)
  return (leave(ok, failure))
end

-- Raises the failure that a scope of `count` parts ends with, if one has: the first by their order, and
-- one that failed before one that timed out.
local function raise_first(failures, count)
  local first
  for i = 1, count do
    local failure = failures[i]
    local timed_out = failure ~= nil and failure.status == "TimedOut"
    if failure ~= nil and not timed_out then
      error(failure, 0)
    end
    first = first or failure
  end
  if first ~= nil then
    error(first, 0)
  end
end

-- All items run, even after one has failed.
local function run_items(items, body, concurrency)
  local failures = {}
  if concurrency == 1 then
    for i = 1, #items do
      failures[i] = run_item(body, items, i)
    end
  else
    fork(#items, concurrency, function(i)
      local _, failure = pcall(run_item, body, items, i)
      failures[i] = failure
    end)
  end
  raise_first(failures, #items)
end

-- One iteration that folds: its new state is what the journal holds, so that a replay can start there.
local function fold(i, body)
  enter_iteration(i)
  local ok, result = pcall(body)
  local failure, kept = leave(ok, result, ok and result or nil)
  if failure ~= nil then
    error(failure, 0)
  end
  return kept.state, kept.ends
end

-- Where a loop goes on: how many iterations are finished, and their state.
local function resume(resumed)
  if resumed == nil then
    return 0, nil
  end
  return resumed.done, resumed.last.state
end

local function run_folded(items, body, resumed)
  local done, state = resume(resumed)
  for i = done + 1, #items do
    state = fold(i, function()
      return json { state = body(items[i], state, i) }
    end)
  end
  return state
end

local function foreach(name, items, body, options)
  options = options or {}
  expect("foreach: the list (second argument)", items, "table")
  expect("foreach: the body (third argument)", body, "function")
  expect("foreach: the options (fourth argument)", options, "table")
  if #items > engine.items_max then
    error("foreach: a list has at most " .. engine.items_max .. " items, this one " .. #items, 2)
  end
  local concurrency = whole("foreach: concurrency", options.concurrency, 1, engine.branches_max)
  local checkpoint = options.checkpoint == true
  if checkpoint and concurrency > 1 then
    error("foreach: checkpoint works one item at a time; leave concurrency out", 2)
  end
  local resumed = enter("foreach", name, { items = #items, concurrency = concurrency, checkpoint = checkpoint })
  if checkpoint then
    return close(pcall(run_folded, items, body, resumed))
  end
  return close(pcall(run_items, items, body, concurrency))
end

local function run_branches(keys, branches)
  local results, failures = {}, {}
  fork(#keys, engine.branches_max, function(i)
    local _, failure = pcall(function()
      enter("branch", tostring(keys[i]))
      local succeeded, value = pcall(branches[keys[i]])
      local raised = leave(succeeded, value)
      if succeeded then
        results[keys[i]] = value
      end
      return raised
    end)
    failures[i] = failure
  end)
  raise_first(failures, #keys)
  return results
end

local function parallel(name, branches)
  expect("parallel: the branches (second argument)", branches, "table")
  local keys, names = {}, array {}
  for key, body in pairs(branches) do
    expect("parallel: branch '" .. tostring(key) .. "'", body, "function")
    keys[#keys + 1] = key
    names[#names + 1] = tostring(key)
  end
  enter("parallel", name, { branches = names })
  return close(pcall(run_branches, keys, branches))
end

local function run_once(body, i)
  enter_iteration(i)
  local ok, done = pcall(body, i)
  local failure = leave(ok, done)
  if failure ~= nil then
    error(failure, 0)
  end
  return done
end

-- How an iteration of repeat_until ends the loop: "done", "late", or nil when it goes on.
local function ending(finished, rules, begun)
  if finished then
    return "done"
  end
  return engine.clock() - begun >= rules.seconds and "late" or nil
end

local function run_until(body, rules, resumed)
  local begun = engine.clock()
  local finished, state = resume(resumed)
  for i = finished + 1, rules.limit do
    local ends
    if rules.checkpoint then
      state, ends = fold(i, function()
        local done, new_state = body(i, state)
        return json { state = new_state, ends = ending(done, rules, begun) }
      end)
    else
      ends = ending(run_once(body, i), rules, begun)
    end
    if ends == "done" then
      return true, state
    elseif ends ~= nil then
      break
    end
  end
  if rules.fail then
    error({
      code = "UntilLimitsReached",
      message = "The loop met its limit of " .. rules.limit .. " iterations or " .. rules.timeout .. ".",
      status = "Failed",
    }, 0)
  end
  return false, state
end

-- repeat_until(name, body) or repeat_until(name, options, body); the body returns true when it is done.
local function repeat_until(name, options, body)
  options, body = options_and_body("repeat_until", options, body)
  local rules = {
    limit = whole("repeat_until: limit", options.limit, 60, 5000),
    timeout = options.timeout or "PT1H",
    checkpoint = options.checkpoint == true,
  }
  rules.seconds = engine.duration(rules.timeout)
  rules.fail = options.fail_when_limits_reached == true
  local resumed = enter("repeat_until", name, {
    limit = rules.limit,
    timeout = rules.timeout,
    checkpoint = rules.checkpoint,
  })
  return close(pcall(run_until, body, rules, resumed))
end

local function exclusive(name, key, body)
  expect("exclusive: the body (third argument)", body, "function")
  enter("exclusive", name, key)
  return close(pcall(body))
end

local callback_options = {
  names = { timeout = true, secure = true, static_result = true },
  text = "timeout, secure and static_result",
}

-- wait_for_callback(name, body) or wait_for_callback(name, options, body). The body gets the address
-- and sends it to whoever is to call it; the wait begins behind the body.
local function wait_for_callback(name, options, body)
  options, body = options_and_body("wait_for_callback", options, body)
  local seconds = timeout_of("wait_for_callback", options, callback_options, engine.wait_seconds_max)
  if options.static_result then
    return engine.static_callback(name, options)
  end
  local callback = enter("wait_for_callback", name, { timeout = seconds }, options)
  return close(pcall(function()
    body(callback.address)
    return engine.await_callback(callback.expires, options)
  end))
end

local question_options = {
  names = { title = true, reason = true, choices = true, default = true, timeout = true, key = true },
  text = "title, reason, choices, default, timeout and key",
}

-- The question as people see it; its choices in the order of their words.
local function question_of(options)
  expect("wait_for_decision: the title", options.title, "string", 4)
  expect("wait_for_decision: the choices", options.choices, "table", 4)
  expect("wait_for_decision: the default", options.default, "string", 4)
  for word, means in pairs(options.choices) do
    expect("wait_for_decision: the word of a choice", word, "string", 4)
    expect("wait_for_decision: what the choice '" .. word .. "' means", means, "string", 4)
  end
  if options.key ~= nil then
    expect("wait_for_decision: the key", options.key, "string", 4)
  end
  if options.choices[options.default] == nil then
    error("wait_for_decision: the default '" .. options.default .. "' is none of the choices", 4)
  end
  return {
    title = options.title,
    reason = options.reason ~= nil and tostring(options.reason) or "",
    choices = options.choices,
    default = options.default,
    key = options.key,
  }
end

-- wait_for_decision(name, options): a person chooses. Not the address but the question is what the
-- answer comes by; without an answer in time, in a muted run, and where another run asks, it is the default.
local function wait_for_decision(name, options)
  expect("wait_for_decision: the question (second argument)", options, "table")
  local seconds = timeout_of("wait_for_decision", options, question_options, engine.wait_seconds_max)
  local question = question_of(options)
  local asked = enter("wait_for_decision", name, { timeout = seconds, question = question })
  return close(pcall(engine.await_callback, asked.expires, no_options, question.default))
end

-- The whole run: the file's own text, then run(event).
local function start(file, environment, event)
  return engine.begin_run(file(environment))(event)
end

return {
  scope = scope,
  try = try,
  switch = switch,
  foreach = foreach,
  parallel = parallel,
  repeat_until = repeat_until,
  exclusive = exclusive,
  wait_for_callback = wait_for_callback,
  wait_for_decision = wait_for_decision,
  start = start,
}
