---@meta
-- Structure: what holds steps. Names are literals, so that the outline is known before a run. Read by
-- editors only; never run.

--- What a failed step raises and `pcall` and `try` catch.
---@class StepError
---@field code string
---@field message string Names the thing, the cause and the service's own words.
---@field remedy? string
---@field status "Failed"|"TimedOut"|"Cancelled"
---@field retryable boolean
---@field step string Path of the step that failed first.
---@field details? any

---@class TryResult
---@field status "Succeeded"|"Failed"|"TimedOut"
---@field error? StepError
---@field value any What the body returned.

---@class TimeLimit
---@field timeout? string|number ISO 8601 duration or seconds, from the begin of the scope; at most 30 days.

--- A named group of steps. A failure in it goes on up. `scope(name, body)` has no time limit of its own.
---@param name string
---@param options TimeLimit
---@param body? fun(): any
---@return any ... What the body returns.
---
--- Errors: what the body raises; ActionTimedOut with status TimedOut when its time is up: what it waits
--- for is given up, an effect under way is awaited, and nothing in it catches that; scopes nested deeper
--- than 64.
---@overload fun(name: string, body: fun(): any): any
function scope(name, options, body) end

--- A scope whose failure is a value: for "run after has failed" and "has timed out".
--- `try(name, body)` has no time limit of its own.
---@param name string
---@param options TimeLimit
---@param body? fun(): any
---@return TryResult result With status TimedOut when its own time is up.
---
--- Errors: none of the body's; cancellation, limits, a scope around it whose time is up and parked
--- effects are not caught.
---@overload fun(name: string, body: fun(): any): TryResult
function try(name, options, body) end

--- Runs the case whose key equals the value, else `default` if there is one.
---@param name string
---@param value string|number|boolean|nil
---@param cases table<string|number, fun(): any>
---@return any ... What the case returns.
---
--- Errors: what the case raises; a case that is no function.
function switch(name, value, cases) end

--- Runs the body for each item. All items run, even after one has failed; then the first failure by
--- order of the items is raised.
---
--- With `checkpoint` one item follows the other, the first failure ends the loop, and a run that goes on after the
--- process has ended does not go through finished items again: the body gets their last state. So it must not
--- rely on variables that earlier items have changed.
---@param name string
---@param items table A list of at most 100,000 items.
---@param body fun(item: any, index: integer): any With `checkpoint`: fun(item, state, index), and what it returns is the next state.
---@param options? { concurrency?: integer, checkpoint?: boolean } Up to 50 at a time; 1 if left out.
---@return any state With `checkpoint` the last state, else nil.
---
--- Errors: the first item's failure.
function foreach(name, items, body, options) end

--- Runs branches side by side and waits for all of them.
---@param name string
---@param branches table<string|integer, fun(): any>
---@return table results What each branch returned, under its key.
---
--- Errors: the first failed branch's failure, after all have ended.
function parallel(name, branches) end

--- Runs the body until it returns true. `repeat_until(name, body)` uses 60 times and "PT1H". With `checkpoint` the
--- second value that the body returns is the next state; finished iterations as with foreach.
---@param name string
---@param options { limit?: integer, timeout?: string, checkpoint?: boolean, fail_when_limits_reached?: boolean }
---@param body? fun(index: integer, state: any): boolean, any
---@return boolean done False when a limit was met.
---@return any state With `checkpoint` the last state.
---
--- Errors: what the body raises; UntilLimitsReached if asked for.
function repeat_until(name, options, body) end

--- Holds the environment's lock for this key while the body runs. First come, first served; durable;
--- kept while the run waits.
---@param name string
---@param key any Any JSON value.
---@param body fun(): any
---@return any ... What the body returns.
---
--- Errors: what the body raises.
function exclusive(name, key, body) end

--- A call to an address, in the shape of the event of `trigger.http_request`.
---@class CallbackCall
---@field method "POST"
---@field headers table<string, string> Names in lower case; without credentials.
---@field queries table<string, string> What was added to the address: `?decision=approve`.
---@field body? any JSON as a value, text as text, other content as `$content-type` and `$content`.

--- Makes an address that can be called once, gives it to the body and waits, after the body, until
--- somebody calls it (POST). A call that comes earlier, or while the server restarts, is kept. Whoever has
--- the address can answer: send it only to who may. `wait_for_callback(name, body)` waits 30 days.
---@param name string
---@param options { timeout?: string|number, secure?: Secure, static_result?: StaticResult|false } ISO 8601 duration or seconds, from the begin of the step; at most 30 days.
---@param body? fun(address: string) Its steps send the address to who is to call it: a request, an approval, a row.
---@return CallbackCall call
---
--- Errors: ActionTimedOut with status TimedOut after the timeout; what the body raises. The address is
--- closed then.
function wait_for_callback(name, options, body) end

--- What a person has to decide.
---@class Question
---@field title string One line: what it is about.
---@field choices table<string, string> Each answer that may be given, and what happens then.
---@field default string One of the choices: when nobody answers in time, and in a run that changes nothing.
---@field reason? string Why a person is asked: the facts.
---@field timeout? string|number ISO 8601 duration or seconds; 30 days at most, and by default.
---@field key? string What it is about: of the questions of a flow with one key only one stands.

--- The answer to a question.
---@class Answer
---@field answer string One of the choices.
---@field person string Who chose; nobody: the default.
---@field elsewhere? boolean True: another run asks about the key, and this one does not any more.

--- Asks a person, and waits for the answer: `tideway decisions list` has the question, `tideway decisions
--- answer` answers it. An answer that comes while the server restarts is kept. Where a question with the same key
--- stands and says the same, that one stays and this one ends `elsewhere`; else that one does, and this one stands.
---@param name string
---@param question Question
---@return Answer answer
function wait_for_decision(name, question) end
