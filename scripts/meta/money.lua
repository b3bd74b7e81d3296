---@meta
-- money: amounts as decimal text, exact. An amount is a number or a text such as "42000.00", with a
-- point and without thousands separators, of at most 200 digits. Read by editors only; never run.

---@alias Amount number|string

--- Errors of all functions: what is not an amount; a result of more than 200 digits.
money = {}

--- The shortest text of an amount: "42000.00" gives "42000".
---@param amount Amount
---@return string amount
function money.normalise(amount) end

--- Whether the value is an amount.
---@param value any
---@return boolean is_amount
function money.is_amount(value) end

--- Whether two amounts are the same; nil and null equal each other and nothing else.
---@param a Amount|nil
---@param b Amount|nil
---@return boolean equal
function money.equal(a, b) end

--- -1, 0 or 1: whether a is below, equal to or above b.
---@param a Amount
---@param b Amount
---@return integer order
function money.compare(a, b) end

--- The exact sum of two amounts.
---@param a Amount
---@param b Amount
---@return string sum
function money.add(a, b) end

--- The exact difference: a less b.
---@param a Amount
---@param b Amount
---@return string difference
function money.sub(a, b) end

--- The exact product of two amounts.
---@param a Amount
---@param b Amount
---@return string product
function money.mul(a, b) end

--- Rounds half away from zero: 2.5 gives "3", -2.5 gives "-3". Trailing zeros are dropped.
---@param amount Amount
---@param places? integer Decimal places, -30 to 30; 2 if left out.
---@return string amount
function money.round(amount, places) end

--- The amount with exactly so many decimal places: 42000 gives "42000.00". Rounds as money.round.
---@param amount Amount
---@param places? integer 0 to 30; 2 if left out.
---@return string text
function money.format(amount, places) end

--- The amount as a Lua number, for a service that wants one; the nearest double when it has a fraction.
---@param amount Amount
---@return number number
function money.number(amount) end
