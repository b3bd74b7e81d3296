---@meta
-- Plain Lua as flows have it. What is not here does not exist: os, io, load, debug, coroutine, rawget,
-- rawset, collectgarbage, print. Read by editors only; never run.

--- Raises the message when the value is nil or false; else gives all its arguments back.
---@param value any
---@param ... any
---@return any ...
function assert(value, ...) end

--- Raises a value; texts get the place in front.
---@param value? any
---@param level? integer
function error(value, level) end

--- Calls protected. Cancellation, limits and parked effects are not caught.
---@param body function
---@param ... any
---@return boolean ok
---@return any ... Results, or the error: a StepError for a failed step.
function pcall(body, ...) end

--- As pcall, with a handler for the error.
---@param body function
---@param handler fun(value: any): any
---@param ... any
---@return boolean ok
---@return any ...
function xpcall(body, handler, ...) end

--- The arguments from position n on, or their number for "#".
---@param n integer|"#"
---@param ... any
---@return any ...
function select(n, ...) end

--- "nil", "boolean", "number", "string", "table", "function" or "userdata".
---@param value any
---@return string name
function type(value) end

--- The number that a text means, or nil.
---@param value any
---@param base? integer
---@return number|nil number
function tonumber(value, base) end

--- A text for people; floats in their shortest form, no addresses.
---@param value any
---@return string text
function tostring(value) end

--- For a `for` over a list, up to the first nil.
---@param items table
---@return function iterator
---@return table items
---@return integer start
function ipairs(items) end

--- For a `for` over a table in a fixed order: numbers, then texts.
---@param object table
---@return function iterator
---@return table object
---@return nil start
---
--- Errors: keys of other types.
function pairs(object) end

--- Answers only whether a table is empty: `next(t) == nil`.
---@param object table
---@param key? nil
---@return any key
---@return any value
function next(object, key) end

--- Gives a table a metatable. __gc, __close and __mode are refused.
---@param object table
---@param metatable table|nil
---@return table object
function setmetatable(object, metatable) end

--- The metatable, or its field __metatable.
---@param value any
---@return any metatable
function getmetatable(value) end

--- Equality without metamethods.
---@param a any
---@param b any
---@return boolean equal
function rawequal(a, b) end

--- Length without metamethods.
---@param value table|string
---@return integer length
function rawlen(value) end

--- Lua's text library; patterns have a step budget.
string = {}

--- The codes of bytes.
---@param value string
---@param first? integer
---@param last? integer
---@return integer ...
function string.byte(value, first, last) end

--- The text of byte codes.
---@param ... integer
---@return string value
function string.char(...) end

--- Where a pattern stands.
---@param value string
---@param pattern string
---@param first? integer
---@param plain? boolean
---@return integer|nil first
---@return integer|nil last
---@return string ... Captures.
function string.find(value, pattern, first, plain) end

--- Values in a format: %d %s %q %5.2f ...
---@param format string
---@param ... any
---@return string value
function string.format(format, ...) end

--- For a `for` over the matches of a pattern.
---@param value string
---@param pattern string
---@param first? integer
---@return fun(): string, ...
function string.gmatch(value, pattern, first) end

--- Matches of a pattern replaced. Callbacks cannot run steps.
---@param value string
---@param pattern string
---@param replacement string|table|function
---@param count? integer
---@return string value
---@return integer replaced
function string.gsub(value, pattern, replacement, count) end

--- How many bytes.
---@param value string
---@return integer bytes
function string.len(value) end

--- A to Z as a to z.
---@param value string
---@return string value
function string.lower(value) end

--- The captures of the first match.
---@param value string
---@param pattern string
---@param first? integer
---@return string|nil ...
function string.match(value, pattern, first) end

--- The text so many times.
---@param value string
---@param count integer
---@param separator? string
---@return string value
function string.rep(value, count, separator) end

--- The bytes backwards.
---@param value string
---@return string value
function string.reverse(value) end

--- Bytes from first to last.
---@param value string
---@param first integer
---@param last? integer
---@return string value
function string.sub(value, first, last) end

--- a to z as A to Z.
---@param value string
---@return string value
function string.upper(value) end

--- Lua's table library.
table = {}

--- Texts and numbers in one text.
---@param items table
---@param separator? string
---@param first? integer
---@param last? integer
---@return string value
function table.concat(items, separator, first, last) end

--- Puts an item in: at the end, or at a position (second argument) when there are three.
---@param items table
---@param item_or_position any
---@param item? any
function table.insert(items, item_or_position, item) end

--- Copies items to another place.
---@param items table
---@param first integer
---@param last integer
---@param to integer
---@param target? table
---@return table target
function table.move(items, first, last, to, target) end

--- The arguments as a table with field n.
---@param ... any
---@return table items
function table.pack(...) end

--- Takes an item out: the last, or the one at a position.
---@param items table
---@param position? integer
---@return any item
function table.remove(items, position) end

--- Sorts in place; equal items keep their order. The comparison cannot run steps.
---@param items table
---@param before? fun(a: any, b: any): boolean
function table.sort(items, before) end

--- The items as separate values.
---@param items table
---@param first? integer
---@param last? integer
---@return any ...
function table.unpack(items, first, last) end

--- Lua's number library.
---@class mathlib
---@field huge number
---@field maxinteger integer
---@field mininteger integer
---@field pi number
math = {}

--- Without sign.
---@param x number
---@return number x
function math.abs(x) end

--- The next integer up.
---@param x number
---@return integer x
function math.ceil(x) end

--- The next integer down.
---@param x number
---@return integer x
function math.floor(x) end

--- The rest of a division, with the sign of x.
---@param x number
---@param y number
---@return number rest
function math.fmod(x, y) end

--- The largest argument.
---@param x number
---@param ... number
---@return number x
function math.max(x, ...) end

--- The smallest argument.
---@param x number
---@param ... number
---@return number x
function math.min(x, ...) end

--- The whole part and the fraction.
---@param x number
---@return number whole
---@return number fraction
function math.modf(x) end

--- A random number, recorded: in [0,1), or an integer from 1 to m, or from m to n.
---@param m? integer
---@param n? integer
---@return number x
function math.random(m, n) end

--- The square root.
---@param x number
---@return number x
function math.sqrt(x) end

--- The integer of equal value, or nil.
---@param x any
---@return integer|nil x
function math.tointeger(x) end

--- "integer", "float" or nil.
---@param x any
---@return string|nil name
function math.type(x) end

--- Whether m is below n as unsigned integers.
---@param m integer
---@param n integer
---@return boolean result
function math.ult(m, n) end

--- Lua's UTF-8 library.
---@class utf8lib
---@field charpattern string
utf8 = {}

--- The text of code points.
---@param ... integer
---@return string value
function utf8.char(...) end

--- The code points that stand between two byte positions.
---@param value string
---@param first? integer
---@param last? integer
---@param lax? boolean
---@return integer ...
function utf8.codepoint(value, first, last, lax) end

--- For a `for` over byte positions and code points.
---@param value string
---@param lax? boolean
---@return function iterator
---@return string value
---@return integer start
function utf8.codes(value, lax) end

--- How many code points; nil and the byte position for a text that is not UTF-8.
---@param value string
---@param first? integer
---@param last? integer
---@param lax? boolean
---@return integer|nil count
---@return integer|nil position
function utf8.len(value, first, last, lax) end

--- The byte position of the n-th code point.
---@param value string
---@param n integer
---@param first? integer
---@return integer|nil position
function utf8.offset(value, n, first) end
