--- Read, compare, write: when a record was changed in between, all of it again from the read on.

local ATTEMPTS = 5

-- What the services call a write that named a version which is not the record's any more.
local CHANGED = {
  preconditionFailed = true, PreconditionFailed = true, PRECONDITION_FAILED = true, ["0x80060882"] = true,
}

local M = {}

--- The result of `body`, which has to read everything it compares by itself.
function M.while_changed(body)
  for attempt = 1, ATTEMPTS do
    local done = try("Read, compare and write", body)
    if done.error == nil then
      return done.value
    elseif not CHANGED[done.error.code] or attempt == ATTEMPTS then
      error(done.error, 0)
    end
  end
end

return M
