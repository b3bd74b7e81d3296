--- Reading Salesforce, in the words of the shared library (co_sell/README.md).

local salesforce = connection "salesforce"
local children = require "co_sell.children"
local map = require "co_sell.mapping"
local members = require "co_sell.members"
local values = require "co_sell.values"

local is_set, first_set = values.is_set, values.first_set

local M = {}

M.AUDIT_MAX = 32000
M.revenue, M.close_date = "Amount", "Close Date"
M.remedy = {
  contact = "Add a primary contact role with name, phone and e-mail.",
  contact_name = "Enter First Name and Last Name on the contact.",
  contact_phone = "Enter Phone on the contact.",
  contact_email = "Enter Email on the contact.",
}

local RECORD = { "Id", "LastModifiedDate", "LastModifiedById", "IsClosed", "IsWon" }
local ACCOUNT = {
  "Account.Name", "Account.BillingStreet", "Account.BillingCity", "Account.BillingState", "Account.BillingPostalCode",
}
local PERSON = { "FirstName", "LastName", "Email", "Phone" }

local function fields_of(relationship, names)
  return list.map(names, function(name)
    return relationship .. "." .. name
  end)
end

local OWNER = fields_of("Owner", list.concat(PERSON, { "IsActive" }))
local MEMBER = fields_of("User", list.concat(PERSON, { "IsActive" }))
local CONTACT = fields_of("Contact", PERSON)

--- Whether a step was refused with this code of Salesforce.
function M.is_refused(failure, code)
  return failure ~= nil and (failure.code == code or (failure.details or {}).serviceCode == code)
end

local function state_of(row)
  if row.IsClosed == true then
    return row.IsWon == true and "won" or "lost"
  end
  return row.StageName == env("on_hold_stage") and "hold" or "open"
end

-- A user or contact as a member of a referral. What Salesforce does not know is left out.
local function member(person)
  return {
    firstName = first_set(person.FirstName, person.LastName),
    lastName = first_set(person.LastName, person.FirstName),
    email = first_set(person.Email),
    phoneNumber = first_set(person.Phone),
  }
end

local function customer(account)
  return {
    name = account.Name,
    address = {
      addressLine1 = account.BillingStreet or "", city = account.BillingCity or "",
      state = account.BillingState or "", postalCode = account.BillingPostalCode or "",
      country = account[env("country_code_field")],
    },
  }
end

-- The record with what the shared library asks of it.
local function seen(row)
  row.state = state_of(row)
  row.modified_at, row.modified_by = row.LastModifiedDate, row.LastModifiedById
  row.customer = is_set(row.Account) and customer(row.Account) or nil
  return row
end

--- Two ids of the same record have the same key: the last three of eighteen characters say nothing new.
function M.key_of(id)
  return string.sub(id, 1, 15)
end

-- The child records of these opportunities, in the order in which they were entered.
local function child_records(rows, ids)
  local found = salesforce.query("Get the records of the child object", {
    soql = "SELECT " .. rows.parent .. ", " .. rows.column .. " FROM " .. rows.table .. " WHERE " .. rows.parent
      .. " IN :ids ORDER BY CreatedDate",
    values = { ids = ids },
  })
  return list.map(found.records, function(record)
    return { parent = record[rows.parent], value = record[rows.column] }
  end)
end

-- An organization without one of the mapping's fields, such as CurrencyIsoCode where only one currency is used.
local function opportunities(name, where, asked)
  local all = list.union(RECORD, map.read(), ACCOUNT, { "Account." .. env("country_code_field") }, OWNER)
  local done = try("With the fields of the mapping", function()
    return salesforce.query(name,
      { soql = "SELECT " .. text.join(all, ", ") .. " FROM Opportunity WHERE " .. where, values = asked })
  end)
  if M.is_refused(done.error, "INVALID_FIELD") then
    fail("FieldMissing", "Salesforce does not know a field of mapping.json: " .. done.error.message,
      "Make the field in Salesforce and let the connection's user see it, or name another one in mapping.json.")
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  return children.read_into(list.map(done.value.records, seen), child_records, M.key_of)
end

local function primary_contact(id)
  local found = salesforce.query("Get the primary contact", {
    soql = "SELECT " .. text.join(CONTACT, ", ") .. " FROM OpportunityContactRole"
      .. " WHERE OpportunityId = :id AND IsPrimary = TRUE LIMIT 1",
    values = { id = id },
  })
  local role = found.records[1]
  return role and member(role.Contact) or nil
end

--- An opportunity with its account, primary contact and owner.
function M.get(name, id)
  local row = opportunities(name, "Id = :id", { id = id })[1]
  if row == nil then
    fail("OpportunityNotFound", "Salesforce has no opportunity " .. id .. " that the connection's user may see.",
      "Look for it in the recycle bin, and give the user the right View All on opportunities.")
  end
  row.contact = primary_contact(id)
  return row
end

local function is_opportunity_id(value)
  return is_set(value) and string.find(value, "^006%w+$") ~= nil and (#value == 15 or #value == 18)
end

--- The referral that the opportunity with this CRM ID belongs to.
function M.referral_of(name, crm_id)
  if not is_opportunity_id(crm_id) then
    return nil
  end
  local found = salesforce.query(name,
    { soql = "SELECT " .. map.column.referral_id .. " FROM Opportunity WHERE Id = :id", values = { id = crm_id } })
  return (found.records[1] or {})[map.column.referral_id]
end

--- The opportunity of a deal: by CRM ID, then by Referral Identifier. Both at once, so that one that was made a
-- moment ago and does not carry the referral's id yet is found as well.
function M.find(name, own)
  local where, asked = map.column.referral_id .. " = :referral_id", { referral_id = own.id }
  if is_opportunity_id(own.externalReferenceId) then
    where, asked.crm_id = where .. " OR Id = :crm_id", own.externalReferenceId
  end
  local found = opportunities(name, where, asked)
  return list.find(found, function(each)
    return each.Id == own.externalReferenceId
  end) or found[1]
end

--- Every opportunity that is synchronized or belongs to a deal: {id, name, referral_id, state}.
function M.linked(name)
  local sync, referral_id = map.column.sync, map.column.referral_id
  local found = salesforce.query(name, {
    soql = "SELECT Id, Name, StageName, IsClosed, IsWon, " .. referral_id .. " FROM Opportunity WHERE "
      .. sync .. " = TRUE OR " .. referral_id .. " != NULL",
  })
  return list.map(found.records, function(row)
    return { id = row.Id, name = row.Name, referral_id = row[referral_id], state = state_of(row) }
  end)
end

--- The opportunities with these ids. What is no id of one is left out.
function M.some(name, ids)
  local asked = list.filter(ids, is_opportunity_id)
  return #asked > 0 and opportunities(name, "Id IN :ids", { ids = asked }) or {}
end

--- The opportunities with these names that belong to no deal.
function M.named(name, names)
  return opportunities(name, "Name IN :names AND " .. map.column.referral_id .. " = NULL", { names = names })
end

--- The opportunities that a person may mean: by an id, the deal's or their own, by an address with one, or by name.
function M.search(name, asked)
  local id, referral_id = string.match(asked, "%f[%w]006%w+"), values.guid_in(asked)
  if is_opportunity_id(id) then
    return opportunities(name, "Id = :id", { id = id })
  elseif referral_id ~= nil then
    return opportunities(name, map.column.referral_id .. " = :id", { id = referral_id })
  end
  return opportunities(name, "Name = :name", { name = asked })
end

--- Whose writes are ours.
function M.our_user()
  return salesforce.who_am_i("Who are we in the CRM", {}).user_id
end

local function sells(user)
  return is_set(user) and is_set(user.Email) and user.IsActive ~= false
end

--- By e-mail address: {id, sells} of the organization's users.
function M.users_with(emails)
  local found = salesforce.query("Find the CRM users of the team",
    { soql = "SELECT Id, Email, IsActive FROM User WHERE Email IN :emails", values = { emails = emails } })
  local out = {}
  for _, user in ipairs(found.records) do
    local key = members.key_of(user.Email)
    if key and (out[key] == nil or sells(user)) then
      out[key] = { id = user.Id, sells = sells(user) }
    end
  end
  return out
end

-- Without Team Selling there are no team members, and no object for them.
local function team_members(row)
  local done = try("Get the opportunity team", function()
    return salesforce.query("Get the sales team", {
      soql = "SELECT UserId, " .. text.join(MEMBER, ", ") .. " FROM OpportunityTeamMember"
        .. " WHERE OpportunityId = :id ORDER BY CreatedDate",
      values = { id = row.Id },
    })
  end)
  if M.is_refused(done.error, "INVALID_TYPE") then
    return {}
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  return done.value.records
end

--- Owner and sales team of an opportunity as members of a referral, the owner first. What only the connection's own
-- user owns nobody sells.
function M.team_of(row)
  local us = M.our_user()
  local out = array {}
  local function add(id, user)
    if id ~= us and sells(user) and not members.has(out, member(user)) then
      out[#out + 1] = member(user)
    end
  end
  add(row.OwnerId, row.Owner)
  for _, each in ipairs(team_members(row)) do
    add(each.UserId, each.User)
  end
  return out
end

return M
