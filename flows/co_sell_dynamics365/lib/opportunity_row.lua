--- Writing columns of an opportunity as they are. Apart from opportunity.lua, which calls the helper flow: who only
-- writes links and Audit may be turned on before it.

local dynamics = connection "dynamics365"

local M = {}

--- Changes that are no difference of the two sides: links and Audit.
function M.write(name, row, changes)
  dynamics.update_row(name, { table = "opportunity", id = row.id, etag = row.etag, changes = changes })
end

return M
