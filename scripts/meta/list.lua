---@meta
-- list: work on lists; nothing here changes the list that it is given. A selector is a function of
-- (item, position) or the name of a field. Items are compared by what they hold. Callbacks may run
-- steps. Read by editors only; never run.

---@alias Selector string|fun(item: any, position: integer): any

--- Errors of all functions: an argument that is not a list; tables nested deeper than 128.
list = {}

--- What the selector gives for each item; nil results are left out.
---@param items table
---@param selector Selector
---@return table results
function list.map(items, selector) end

--- The items for which the selector gives a true value.
---@param items table
---@param selector Selector
---@return table items
function list.filter(items, selector) end

--- The first item for which the selector gives a true value.
---@param items table
---@param selector Selector
---@return any item nil when there is none.
---@return integer|nil position
function list.find(items, selector) end

--- Whether the selector gives a true value for any item; without selector, whether there is an item.
---@param items table
---@param selector? Selector
---@return boolean result
function list.any(items, selector) end

--- Whether the selector gives a true value for every item.
---@param items table
---@param selector Selector
---@return boolean result
function list.all(items, selector) end

--- For how many items the selector gives a true value; without selector, how many there are.
---@param items table
---@param selector? Selector
---@return integer count
function list.count(items, selector) end

--- The sum of numbers, or of what the selector gives.
---@param items table
---@param selector? Selector
---@return number sum
---
--- Errors: something that is not a number; amounts of money are added with money.add.
function list.sum(items, selector) end

--- The items in ascending order of what the selector gives; equal ones keep their order. Numbers come
--- before texts, then false, true, and nil at the end.
---@param items table
---@param selector Selector
---@return table items
---
--- Errors: more than 1,000,000 items.
function list.sort_by(items, selector) end

--- The items in lists by what the selector gives.
---@param items table
---@param selector Selector Must give texts or numbers.
---@return table<string|number, table> groups
function list.group_by(items, selector) end

--- The first item.
---@param items table
---@return any item nil when there is none.
function list.first(items) end

--- The last item.
---@param items table
---@return any item nil when there is none.
function list.last(items) end

--- Whether an equal item is in the list.
---@param items table
---@param item any
---@return boolean result
function list.contains(items, item) end

--- Where the first equal item stands.
---@param items table
---@param item any
---@return integer|nil position
function list.index_of(items, item) end

--- Each item once, in the order of first appearance.
---@param items table
---@return table items
function list.distinct(items) end

--- Last item first.
---@param items table
---@return table items
function list.reverse(items) end

--- The first items, at most so many.
---@param items table
---@param count integer
---@return table items
function list.take(items, count) end

--- All but the first items.
---@param items table
---@param count integer
---@return table items
function list.skip(items, count) end

--- All items of all lists, one after the other.
---@param ... table
---@return table items
function list.concat(...) end

--- The items of all lists, each once.
---@param ... table
---@return table items
function list.union(...) end

--- The items of the first list that are in the second too, each once.
---@param items table
---@param others table
---@return table items
function list.intersection(items, others) end

--- The items of the first list that are not in the second, each once.
---@param items table
---@param others table
---@return table items
function list.difference(items, others) end

--- The keys of an object, numbers before texts, ascending.
---@param object table
---@return table keys
function list.keys(object) end

--- The values of an object, in the order of list.keys.
---@param object table
---@return table values
function list.values(object) end

--- Whether two values hold the same, tables included.
---@param a any
---@param b any
---@return boolean equal
function list.deep_equal(a, b) end
