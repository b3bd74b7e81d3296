--- Reading opportunities of Dynamics 365, in the words of the shared library (co_sell/README.md).

local dynamics = connection "dynamics365"
local children = require "co_sell.children"
local map = require "co_sell.mapping"
local members = require "co_sell.members"
local values = require "co_sell.values"

local is_set, first_set = values.is_set, values.first_set

local M = {}

M.AUDIT_MAX = 4000
M.revenue, M.close_date = "Est. revenue", "Est. close date"
M.remedy = {
  contact = "Choose a contact with name, phone and e-mail.",
  contact_name = "Enter First Name and Last Name on the contact.",
  contact_phone = "Enter Business Phone or Mobile Phone on the contact.",
  contact_email = "Enter Email on the contact.",
}

-- What is read of a user.
local COLUMNS = {
  "systemuserid", "firstname", "lastname", "internalemailaddress", "mobilephone", "address1_telephone1",
  "isdisabled", "applicationid",
}
local USER = "($select=" .. text.join(COLUMNS, ",") .. ")"

local CURRENCY = "transactioncurrencyid($select=isocurrencycode)"
local ACCOUNT = { "name", "address1_line1", "address1_city", "address1_stateorprovince", "address1_postalcode" }
local CONTACT = "parentcontactid($select=firstname,lastname,emailaddress1,telephone1,mobilephone)"

-- Lookups, which are read through $expand or have another name in $select.
local LOOKUPS = { "transactioncurrencyid", "parentaccountid", "parentcontactid", "ownerid" }

-- Category "Sales Team" of connection roles: whom the opportunity's form shows there.
local SALES_TEAM = "record2roleid/category eq 1001 and statecode eq 0 and _record1id_value eq "

local OPEN, WON, ON_HOLD = 0, 1, 2

function M.quoted(value)
  return "'" .. text.replace(value, "'", "''") .. "'"
end

local function state_of(row)
  if row.statecode == OPEN then
    return row.statuscode == ON_HOLD and "hold" or "open"
  end
  return row.statecode == WON and "won" or "lost"
end

-- A user or contact as a member of a referral. What the CRM does not know is left out.
local function member(person)
  return {
    firstName = first_set(person.firstname, person.lastname),
    lastName = first_set(person.lastname, person.firstname),
    email = first_set(person.emailaddress1, person.internalemailaddress),
    phoneNumber = first_set(person.telephone1, person.mobilephone, person.address1_telephone1),
  }
end

local function customer(account)
  return {
    name = account.name,
    address = {
      addressLine1 = account.address1_line1 or "", city = account.address1_city or "",
      state = account.address1_stateorprovince or "", postalCode = account.address1_postalcode or "",
      country = account[env("country_code_column")],
    },
  }
end

-- Only what is used: organizations add columns by the hundred.
local function columns()
  return list.union({ "modifiedon", "_modifiedby_value" }, list.difference(map.read(), LOOKUPS))
end

local function with_account()
  local all = list.union(ACCOUNT, { env("country_code_column") })
  return CURRENCY .. ",parentaccountid($select=" .. text.join(all, ",") .. ")"
end

-- The row with what the shared library asks of it.
local function seen(row)
  row.state = state_of(row)
  row.modified_at, row.modified_by = row.modifiedon, row._modifiedby_value
  row.customer = is_set(row.parentaccountid) and customer(row.parentaccountid) or nil
  row.contact = is_set(row.parentcontactid) and member(row.parentcontactid) or nil
  return row
end

local function any_of(column, wanted)
  return text.join(list.map(wanted, function(value)
    return column .. " eq " .. value
  end), " or ")
end

--- Two ids of the same record have the same key.
function M.key_of(id)
  return text.lower(id)
end

-- The active child rows of these opportunities, in the order in which they were entered.
local function child_rows(rows, ids)
  local parent = "_" .. rows.parent .. "_value"
  local found = dynamics.list_rows("Get the rows of the child table", {
    table = rows.table, select = { rows.column, parent }, orderby = "createdon asc",
    filter = "statecode eq 0 and (" .. any_of(parent, ids) .. ")",
  })
  return list.map(found.rows, function(row)
    return { parent = row[parent], value = row[rows.column] }
  end)
end

local function with_children(records)
  return children.read_into(records, child_rows, M.key_of)
end

--- An opportunity with its account, contact and owner.
function M.get(name, id)
  local everything = with_account() .. "," .. CONTACT .. ",owninguser" .. USER
  local row = dynamics.get_row(name, { table = "opportunity", id = id, select = columns(), expand = everything })
  return with_children({ seen(row) })[1]
end

local function is_guid(value)
  return is_set(value) and values.guid_in(value) == value
end

local function opportunities(name, filter)
  local found = dynamics.list_rows(name,
    { table = "opportunity", filter = filter, select = columns(), expand = with_account() })
  return with_children(list.map(found.rows, seen))
end

--- The referral that the opportunity with this CRM ID belongs to.
function M.referral_of(name, crm_id)
  if not is_guid(crm_id) then
    return nil
  end
  local found = dynamics.list_rows(name, {
    table = "opportunity", filter = "opportunityid eq " .. crm_id, select = { map.column.referral_id },
  })
  return (found.rows[1] or {})[map.column.referral_id]
end

--- The opportunity of a deal: by CRM ID, then by Referral Identifier. Both at once, so that a row that was made a
-- moment ago and does not carry the referral's id yet is found as well.
function M.find(name, own)
  local filter = map.column.referral_id .. " eq " .. M.quoted(own.id)
  if is_guid(own.externalReferenceId) then
    filter = filter .. " or opportunityid eq " .. own.externalReferenceId
  end
  local found = opportunities(name, filter)
  return list.find(found, function(each)
    return each.id == own.externalReferenceId
  end) or found[1]
end

--- Every opportunity that is synchronized or belongs to a deal: {id, name, referral_id, state}.
function M.linked(name)
  local found = dynamics.list_rows(name, {
    table = "opportunity", select = { "name", "statecode", "statuscode", map.column.referral_id },
    filter = map.column.sync .. " eq true or " .. map.column.referral_id .. " ne null",
  })
  return list.map(found.rows, function(row)
    return { id = row.id, name = row.name, referral_id = row[map.column.referral_id], state = state_of(row) }
  end)
end

--- The opportunities with these ids. What is no id of one is left out.
function M.some(name, ids)
  local asked = list.filter(ids, is_guid)
  return #asked > 0 and opportunities(name, any_of("opportunityid", asked)) or {}
end

--- The opportunities with these names that belong to no deal.
function M.named(name, names)
  local same = any_of("name", list.map(names, M.quoted))
  return opportunities(name, "(" .. same .. ") and " .. map.column.referral_id .. " eq null")
end

--- The opportunities that a person may mean: by an id, the deal's or their own, by an address with one, or by name.
function M.search(name, asked)
  local id = values.guid_in(string.match(asked, "[?&]id=([^&]*)") or asked)
  if id == nil then
    return opportunities(name, "name eq " .. M.quoted(asked))
  end
  return opportunities(name, "opportunityid eq " .. id .. " or " .. map.column.referral_id .. " eq " .. M.quoted(id))
end

--- Whose writes are ours.
function M.our_user()
  return dynamics.who_am_i("Who are we in the CRM", {}).user_id
end

-- Programs own rows too, but they sell nothing.
local function sells(user)
  return is_set(user) and is_set(user.internalemailaddress) and user.isdisabled ~= true
    and not is_set(user.applicationid)
end

--- By e-mail address: {id, sells} of the CRM's users.
function M.users_with(emails)
  local tests = list.map(emails, function(email)
    return "internalemailaddress eq " .. M.quoted(email)
  end)
  local found = dynamics.list_rows("Find the CRM users of the team",
    { table = "systemuser", select = COLUMNS, filter = text.join(tests, " or ") })
  local out = {}
  for _, user in ipairs(found.rows) do
    local key = members.key_of(user.internalemailaddress)
    if key and (out[key] == nil or sells(user)) then
      out[key] = { id = user.id, sells = sells(user) }
    end
  end
  return out
end

--- Owner and sales team of an opportunity as members of a referral, the owner first.
function M.team_of(row)
  local found = dynamics.list_rows("Get the sales team",
    { table = "connection", filter = SALES_TEAM .. row.id, expand = "record2id_systemuser" .. USER })
  local users = { row.owninguser }
  for _, link in ipairs(found.rows) do
    users[#users + 1] = link.record2id_systemuser
  end
  local out = array {}
  for _, user in ipairs(users) do
    if sells(user) and not members.has(out, member(user)) then
      out[#out + 1] = member(user)
    end
  end
  return out
end

return M
