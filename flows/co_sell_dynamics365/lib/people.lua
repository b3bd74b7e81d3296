--- The people of a deal: its owner and sales team in the CRM, its team in Partner Center, by e-mail address.

local crm = connection "dynamics365"

local M = {}

-- What is read of a user.
local COLUMNS = {
  "systemuserid", "firstname", "lastname", "internalemailaddress", "mobilephone", "address1_telephone1",
  "isdisabled", "applicationid",
}
local USER = "($select=" .. text.join(COLUMNS, ",") .. ")"

-- Category "Sales Team" of connection roles: whom the opportunity's form shows there.
local ROLES = "category eq 1001 and statecode eq 0"
local SALES_TEAM = "record2roleid/category eq 1001 and statecode eq 0 and _record1id_value eq "

--- Lookup to read with an opportunity.
M.expand = "owninguser" .. USER

local function is_set(value)
  return value ~= nil and value ~= null and value ~= ""
end

local function first_set(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if is_set(value) then
      return value
    end
  end
  return nil
end

local function key_of(email)
  return is_set(email) and text.lower(text.trim(email)) or nil
end

local function quoted(value)
  return "'" .. text.replace(value, "'", "''") .. "'"
end

--- A user or contact as a member of a referral. What the CRM does not know is left out.
function M.member(person)
  return {
    firstName = first_set(person.firstname, person.lastname),
    lastName = first_set(person.lastname, person.firstname),
    email = first_set(person.emailaddress1, person.internalemailaddress),
    phoneNumber = first_set(person.telephone1, person.mobilephone, person.address1_telephone1),
  }
end

local function by_email(members)
  local out = {}
  for _, member in ipairs(members or {}) do
    local key = key_of(member.email)
    if key then
      out[key] = member
    end
  end
  return out
end

--- The same people, in any order.
function M.same(a, b)
  local left, right = by_email(a), by_email(b)
  for key in pairs(left) do
    if right[key] == nil then
      return false
    end
  end
  for key in pairs(right) do
    if left[key] == nil then
      return false
    end
  end
  return true
end

--- Whether `person` is among the members.
function M.has(members, person)
  return by_email(members)[key_of(M.member(person).email) or ""] ~= nil
end

--- The members with `person` before them.
function M.with_first(person, members)
  local out = array { M.member(person) }
  for _, member in ipairs(members or {}) do
    out[#out + 1] = member
  end
  return out
end

-- Programs own rows too, but they sell nothing.
local function sells(user)
  return is_set(user) and is_set(user.internalemailaddress) and user.isdisabled ~= true
    and not is_set(user.applicationid)
end

local function users_with(emails)
  local tests = {}
  for _, email in ipairs(emails) do
    tests[#tests + 1] = "internalemailaddress eq " .. quoted(email)
  end
  local found = crm.list_rows("Find the CRM users of the team",
    { table = "systemuser", select = COLUMNS, filter = text.join(tests, " or ") })
  local out = {}
  for _, user in ipairs(found.rows) do
    local key = key_of(user.internalemailaddress)
    if key and (out[key] == nil or sells(user)) then
      out[key] = user
    end
  end
  return out
end

--- Owner and sales team of an opportunity as members of a referral, the owner first.
function M.of_row(row)
  local found = crm.list_rows("Get the sales team",
    { table = "connection", filter = SALES_TEAM .. row.id, expand = "record2id_systemuser" .. USER })
  local users = { row.owninguser }
  for _, link in ipairs(found.rows) do
    users[#users + 1] = link.record2id_systemuser
  end
  local out, seen = array {}, {}
  for _, user in ipairs(users) do
    local key = sells(user) and key_of(user.internalemailaddress)
    if key and not seen[key] then
      seen[key] = true
      out[#out + 1] = M.member(user)
    end
  end
  return out
end

-- Of the members that the CRM does not name: those whom it could not name, because it does not know them.
local function strangers(members, named)
  local others, emails = {}, {}
  for _, member in ipairs(members or {}) do
    local key = key_of(member.email)
    if key == nil or named[key] == nil then
      others[#others + 1] = member
      emails[#emails + 1] = key and member.email
    end
  end
  local users = #emails > 0 and users_with(emails) or {}
  local out = {}
  for _, member in ipairs(others) do
    if users[key_of(member.email) or ""] == nil then
      out[#out + 1] = member
    end
  end
  return out
end

--- The team that a referral should have: the CRM's people, then whom the CRM does not know. A deal keeps
-- its team when the CRM has nobody for it.
function M.wanted(own, row)
  local ours, theirs = M.of_row(row), by_email(own.team)
  if #ours == 0 then
    return own.team
  end
  local out = array {}
  for _, member in ipairs(ours) do
    out[#out + 1] = theirs[key_of(member.email)] or member
  end
  for _, member in ipairs(strangers(own.team, by_email(ours))) do
    out[#out + 1] = member
  end
  return out
end

--- The CRM's users of a referral's team: {owner_id, others, unknown}. The first one in the team's order
-- becomes the owner; `unknown` lists the addresses that no user has who could sell.
function M.in_crm(team)
  local out, emails = { others = array {}, unknown = array {} }, {}
  for _, member in ipairs(team or {}) do
    if key_of(member.email) then
      emails[#emails + 1] = member.email
    end
  end
  local users = #emails > 0 and users_with(emails) or {}
  for _, email in ipairs(emails) do
    local user = users[key_of(email)]
    if not sells(user) then
      out.unknown[#out.unknown + 1] = email
    elseif out.owner_id == nil then
      out.owner_id = user.id
    elseif user.id ~= out.owner_id then
      out.others[#out.others + 1] = user.id
    end
  end
  return out
end

local function sales_team_role()
  local found = crm.list_rows("Find a role of the sales team",
    { table = "connectionrole", filter = ROLES, select = { "name" }, orderby = "name asc", top = 1 })
  return found.rows[1]
end

--- Puts users into the sales team of a new opportunity. A reason when that was not possible.
function M.join_sales_team(row, users)
  local done = try("Add the sales team", function()
    local role = sales_team_role()
    if condition("If the CRM has no role for the sales team, then", role == nil) then
      return "the CRM has no connection role of the category Sales Team"
    end
    for _, id in ipairs(users) do
      crm.create_row("Add to the sales team", {
        table = "connection", key = { "sales team", row.id, id },
        row = {
          ["record1id_opportunity@odata.bind"] = "/opportunities(" .. row.id .. ")",
          ["record2id_systemuser@odata.bind"] = "/systemusers(" .. id .. ")",
          ["record2roleid@odata.bind"] = "/connectionroles(" .. role.id .. ")",
        },
      })
    end
  end)
  return done.error and "the sales team was not taken over: " .. done.error.message or done.value
end

return M
