---@meta
-- Steps that belong to no connection. Operations of connections are in connectors/*.gen.lua. Read by
-- editors only; never run.

--- Options of an operation, its third argument.
---@class StepOptions
---@field retry? RetryPolicy
---@field timeout? string ISO 8601 duration; the step then fails with status TimedOut.
---@field secure? boolean Input and output are not shown in the history.

--- Records a value as a step of its own and gives it back.
---@param name string
---@param value any
---@return any value
---
--- Errors: a value that has no JSON form.
function compose(name, value) end

--- A named, recorded decision; the test of an `if`.
---@param name string
---@param value any nil, null and false are "no".
---@return boolean decision
function condition(name, value) end

--- Waits. A long wait keeps nothing in memory.
---@param name string
---@param seconds number From 0 on.
---
--- Errors: a number that is negative or no number.
function delay(name, seconds) end

--- Waits until a moment; at once when it is past.
---@param name string
---@param moment string ISO 8601.
---
--- Errors: a text that is not a time.
function delay_until(name, moment) end

---@class FlowResponse
---@field status? integer 200 if left out.
---@field headers? table<string, string>
---@field body? any

--- Decides the answer to the caller: of a request, or of a parent flow. Once per run.
--- `respond(response)` is called "Response".
---@param name string|FlowResponse
---@param response? FlowResponse
---
--- Errors: a second answer; a body that has no JSON form.
function respond(name, response) end

--- Ends the run here, with this status. Nothing catches it.
---@param status "Succeeded"|"Failed"|"Cancelled"
---@param code? string
---@param message? string
---
--- Errors: an unknown status.
function terminate(status, code, message) end

--- Raises an error table: the step, its scopes and the run fail unless somebody catches it.
---@param code string One word for programs: "NoPartnerHalf".
---@param message string Names the thing and the cause.
---@param remedy? string What a person can do.
function fail(code, message, remedy) end

--- Says in one word what the run came to; people filter runs by it.
---@param word string "created", "ignored" ...
---@param reason? any
function outcome(word, reason) end

--- Runs another flow of the pack as a child and waits for its answer. It is never started twice.
---@param name string
---@param child string The child's name, a literal.
---@param input? any
---@return any output What the child responded; nil without a response.
---
--- Errors: what made the child fail; a child that is off; more than 32 flows deep.
function run_child_flow(name, child, input) end
