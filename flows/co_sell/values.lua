--- What counts as said: services leave out what they do not know, or send null or an empty text.

local M = {}

function M.is_set(value)
  return value ~= nil and value ~= null and value ~= ""
end

function M.first_set(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if M.is_set(value) then
      return value
    end
  end
  return nil
end

return M
