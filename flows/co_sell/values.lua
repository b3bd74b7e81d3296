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

local GUID = string.rep("%x", 8) .. string.rep("%-%x%x%x%x", 4) .. string.rep("%x", 8)

--- The first GUID in a text; nil when there is none.
function M.guid_in(value)
  return string.match(value, GUID)
end

--- At most so many units. The CRMs count as UTF-16 does: what is beyond the basic plane, such as emoji, counts twice.
function M.cut(value, most)
  local units = 0
  for at, code in utf8.codes(value) do
    units = units + (code > 0xFFFF and 2 or 1)
    if units > most then
      return string.sub(value, 1, at - 1)
    end
  end
  return value
end

--- Eight digits that stand for a text: FNV-1a. Enough to see that it is another one, and no secret.
function M.digest(value)
  local hash = 0x811C9DC5
  for at = 1, #value do
    hash = ((hash ~ string.byte(value, at)) * 0x01000193) & 0xFFFFFFFF
  end
  return string.format("%08x", hash)
end

return M
