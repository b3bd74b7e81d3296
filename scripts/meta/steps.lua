---@meta
-- Steps that belong to no connection. Operations of connections are in connectors/*.gen.lua. Read by
-- editors only; never run.

--- What history does not show of a step: its inputs, its outputs, or both (true). The values are kept,
--- so that a replay and a resubmit have them; steps that use them are not secured by it.
---@alias Secure boolean|"inputs"|"outputs"

--- For testing: the step does not take place and ends with this. Nothing leaves, history says so, and
--- `tideway flows check` warns of it. An error makes it Failed; false is the same as none.
---@class StaticResult
---@field status? "Succeeded"|"Failed"|"TimedOut"
---@field output? any Of a step that is Succeeded.
---@field error? { code?: string, message?: string, remedy?: string, details?: any } Of one that is not.

--- Options of an operation, its third argument.
---@class StepOptions
---@field retry? RetryPolicy
---@field timeout? string ISO 8601 duration; the step then fails with status TimedOut.
---@field secure? Secure
---@field static_result? StaticResult|false

--- Options of run_child_flow.
---@class ChildOptions
---@field timeout? string|number Duration or seconds until the step is TimedOut and the child is cancelled.
---@field secure? Secure
---@field static_result? StaticResult|false

--- Options of the other steps, their last argument.
---@class SecureOptions
---@field secure? Secure

--- Records a value as a step of its own and gives it back.
---@param name string
---@param value any
---@param options? SecureOptions The value is input and output: either word keeps it.
---@return any value
---
--- Errors: a value that has no JSON form.
function compose(name, value, options) end

--- A named, recorded decision; the test of an `if`.
---@param name string
---@param value any nil, null and false are "no".
---@return boolean decision
function condition(name, value) end

--- Waits. A long wait keeps nothing in memory.
---@param name string
---@param seconds number From 0 on.
---@param options? SecureOptions
---
--- Errors: a number that is negative or no number.
function delay(name, seconds, options) end

--- Waits until a moment; at once when it is past.
---@param name string
---@param moment string ISO 8601.
---@param options? SecureOptions
---
--- Errors: a text that is not a time.
function delay_until(name, moment, options) end

---@class FlowResponse
---@field status? integer 200 if left out.
---@field headers? table<string, string>
---@field body? any

--- Decides the answer to the caller: of a request, or of a parent flow. Once per run.
--- `respond(response)` is called "Response".
---@param name string|FlowResponse
---@param response? FlowResponse
---@param options? SecureOptions Only with a name. The run's response and output are not shown either.
---
--- Errors: a second answer; a body that has no JSON form.
function respond(name, response, options) end

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

--- Keeps small values of the run by which people find it: `track { deal = referral.engagementId }`.
--- A run keeps every value that it says of a name. They are there to be read, whatever is secured.
---@param values table<string, string|number|boolean> nil and null are left out
---
--- Errors: a name that is not made of letters, digits and '_', a value that is no text, number, true or
--- false, a name over 64 bytes, a value over 512 bytes; TooManyTrackedValues after 100 values of a run.
function track(values) end

--- Runs another flow of the pack as a child and waits for its answer. It is never started twice.
---@param name string
---@param child string The child's name, a literal.
---@param input? any
---@param options? ChildOptions Secure inputs: also the child's event. Outputs: also the child's response and output.
---@return any output What the child responded; nil without a response.
---
--- Errors: what made the child fail; a child that is off; more than 32 flows deep.
function run_child_flow(name, child, input, options) end
