--- The functions of `list` that call back. In Lua, so that a callback may run steps: C++ could not
-- wait in the middle. Needs nothing of its environment.
local list, native = ...
local array, check, fail, kind, order = native.array, native.check, native.fail, native.kind, native.order

-- The second argument of most functions: a function, or the name of a field.
local function selector(name, items, select)
  check(name, items, "list")
  if check(name, select, "selector") then
    return select
  end
  return function(item)
    return item[select]
  end
end

function list.map(items, select)
  local pick = selector("list.map", items, select)
  local out, count = array(), 0
  for i = 1, #items do
    local value = pick(items[i], i)
    if value ~= nil then
      count = count + 1
      out[count] = value
    end
  end
  return out
end

function list.filter(items, keep)
  local is_kept = selector("list.filter", items, keep)
  local out, count = array(), 0
  for i = 1, #items do
    local item = items[i]
    if is_kept(item, i) then
      count = count + 1
      out[count] = item
    end
  end
  return out
end

function list.find(items, matches)
  local is_match = selector("list.find", items, matches)
  for i = 1, #items do
    local item = items[i]
    if is_match(item, i) then
      return item, i
    end
  end
  return nil
end

function list.any(items, matches)
  if matches == nil then
    check("list.any", items, "list")
    return #items > 0
  end
  local is_match = selector("list.any", items, matches)
  for i = 1, #items do
    if is_match(items[i], i) then
      return true
    end
  end
  return false
end

function list.all(items, matches)
  local is_match = selector("list.all", items, matches)
  for i = 1, #items do
    if not is_match(items[i], i) then
      return false
    end
  end
  return true
end

function list.count(items, matches)
  if matches == nil then
    check("list.count", items, "list")
    return #items
  end
  local is_match = selector("list.count", items, matches)
  local count = 0
  for i = 1, #items do
    if is_match(items[i], i) then
      count = count + 1
    end
  end
  return count
end

local function itself(item)
  return item
end

function list.sum(items, select)
  if select == nil then
    check("list.sum", items, "list")
    select = itself
  end
  local pick = selector("list.sum", items, select)
  local sum = 0
  for i = 1, #items do
    local value = pick(items[i], i)
    if kind(value) ~= "number" then
      fail("list.sum", "item " .. i .. " gives no number; add amounts of money with money.add")
    end
    sum = sum + value
  end
  return sum
end

function list.sort_by(items, select)
  local pick = selector("list.sort_by", items, select)
  local keys, count = {}, #items
  for i = 1, count do
    local key = pick(items[i], i)
    keys[i] = key == nil and {} or key -- a table sorts behind all keys, as null does
  end
  local out = array()
  local positions = order(keys, count)
  for i = 1, count do
    out[i] = items[positions[i]]
  end
  return out
end

function list.group_by(items, select)
  local pick = selector("list.group_by", items, select)
  local groups = {}
  for i = 1, #items do
    local key = pick(items[i], i)
    local key_kind = kind(key)
    if key_kind ~= "string" and key_kind ~= "number" then
      fail("list.group_by", "item " .. i .. " gives no text and no number to group by")
    end
    local group = groups[key]
    if group == nil then
      group = array()
      groups[key] = group
    end
    group[#group + 1] = items[i]
  end
  return groups
end
