--- Lists of a report: how many there are, and the first of them by name. A report stays small whatever is wrong.

local M = {}

local MOST = 200

function M.none()
  return { count = 0, named = array {} }
end

function M.add(found, item)
  found.count = found.count + 1
  if found.count <= MOST then
    found.named[found.count] = item
  end
end

--- Two lists as one.
function M.both(a, b)
  return { count = a.count + b.count, named = list.take(list.concat(a.named, b.named), MOST) }
end

return M
