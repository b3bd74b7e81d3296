--- What people are asked about deals, in one line each, and what they have left as it is.

local audit = require "co_sell.audit"
local map = require "co_sell.mapping"
local values = require "co_sell.values"

local M = {}

function M.about_value(own, field)
  return own.name .. ": " .. field .. " of Partner Center or of the CRM?"
end

function M.about_match(name)
  return name .. ": which opportunity does the deal belong to?"
end

--- Stands for a field and what both sides say of it: another value on either side is another mark.
function M.mark(own, row, field)
  return "(" .. values.digest(field .. map.said_of(own, row, field)) .. ")"
end

--- Whether a person has left these values as they are: then Audit has the mark.
function M.is_left(own, row, field)
  return audit.has(row, M.mark(own, row, field))
end

return M
