--- Customizing Salesforce, in the words of the shared library (co_sell/crm_setup.lua).

local salesforce = connection "salesforce"
local crm = require "lib.crm"
local crm_facts = require "lib.crm_facts"

local M = {}

M.VISIBILITY = "Referral visible to Microsoft sellers"
M.TABLES = { "Opportunity", "Lead" }

local SET = "Tideway_Co_sell"

local TYPE = { boolean = "checkbox", text = "text", url = "url", memo = "long_text", choice = "picklist" }

function M.is_custom(name)
  return text.ends_with(name, "__c")
end

--- Why nothing can be done; nil when the user may customize.
function M.missing_role()
  local found = salesforce.query("Get the permissions of the user", {
    soql = "SELECT PermissionsCustomizeApplication, PermissionsManageProfilesPermissionsets FROM UserPermissionAccess",
  })
  local mine = found.records[1] or {}
  local lacking = {}
  if mine.PermissionsCustomizeApplication ~= true then
    lacking[#lacking + 1] = "Customize Application"
  end
  if mine.PermissionsManageProfilesPermissionsets ~= true then
    lacking[#lacking + 1] = "Manage Profiles and Permission Sets"
  end
  if #lacking > 0 then
    return "The connection's user needs the system permissions of a System Administrator: it lacks "
      .. text.join(lacking, " and ") .. "."
  end
end

--- The fields of an object, by name.
function M.fields(where)
  return crm_facts.described("Describe the object", where).fields
end

function M.create(where, each)
  salesforce.create_field("Create the field", {
    object = where, name = each.name, label = each.label, type = TYPE[each.kind],
    length = each.kind == "memo" and 100000 or each.kind == "text" and each.length or nil,
    external_id = each.is_key, unique = each.is_key,
    values = each.choices and list.map(each.choices, function(choice)
      return choice.value
    end),
    description = "Co-sell deals of Partner Center.",
  })
end

--- The child object of mapping.json is a person's work, or comes with Microsoft's package.
function M.settle_table(rows, note)
  local found = crm_facts.described_if_there("Describe the child object", rows.table)
  local fields = found and found.fields or {}
  local lacking = list.filter({ rows.parent, rows.column }, function(name)
    return fields[name] == nil
  end)
  if condition("If the object is there, then", #lacking == 0) then
    note("table", "Opportunity", rows.table, "there", "Microsoft Solutions")
    return
  end
  note("table", "Opportunity", rows.table, "by hand",
    "make the object in Setup, Object Manager, with the text " .. rows.column .. " and the master-detail field "
    .. rows.parent .. " to Opportunity; select it in Change Data Capture")
end

local function the_only(name, soql, values)
  return salesforce.query(name, { soql = soql, values = values }).records[1]
end

-- New fields are seen by nobody; the permission set shows them to the connection's user. Its id, and whether it is new:
-- nothing is asked about a new one, which a plan has not made.
local function permission_set(note)
  local set = the_only("Get the permission set", "SELECT Id FROM PermissionSet WHERE Name = :name", { name = SET })
  if condition("If there is a permission set, then", set ~= nil) then
    note("permission set", "user", SET, "there")
    return set.Id, false
  end
  local made = salesforce.create_record("Create the permission set", {
    object = "PermissionSet", key = { SET }, match = { "Name" },
    record = { Name = SET, Label = "Tideway co-sell" },
  })
  note("permission set", "user", SET, "made")
  return made.id, true
end

local function is_assigned(set, me)
  local soql = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = :set AND AssigneeId = :me"
  return the_only("Get the assignment", soql, { set = set, me = me }) ~= nil
end

local function assign(set, is_new)
  local me = crm.our_user()
  if condition("If it is assigned, then", not is_new and is_assigned(set, me)) then
    return
  end
  salesforce.create_record("Assign it to the connection's user", {
    object = "PermissionSetAssignment", key = { set, me }, match = { "PermissionSetId", "AssigneeId" },
    record = { PermissionSetId = set, AssigneeId = me },
  })
end

local function show(set, where, each, shown)
  local field = where .. "." .. each.name
  if condition("If the set shows the field, then", list.contains(shown, field)) then
    return false
  end
  salesforce.create_record("Show the field", {
    object = "FieldPermissions", key = { set, field }, match = { "ParentId", "Field" },
    record = { ParentId = set, SobjectType = where, Field = field, PermissionsRead = true, PermissionsEdit = true },
  })
  return true
end

local function shown_by(set)
  local found = salesforce.query("Get what the set shows",
    { soql = "SELECT Field FROM FieldPermissions WHERE ParentId = :set", values = { set = set } })
  return list.map(found.records, function(record)
    return record.Field
  end)
end

-- Fields that are seen already, by a profile or another set, need nothing.
local function show_all(all, set, is_new)
  local shown = is_new and {} or shown_by(set)
  local count = 0
  for _, where in ipairs(M.TABLES) do
    local fields = M.fields(where)
    local hidden = list.filter(all, function(each)
      return fields[each.name] == nil
    end)
    foreach("Each hidden field", hidden, function(each)
      count = count + (show(set, where, each, shown) and 1 or 0)
    end)
  end
  return count
end

-- Whether people can only read a field of the layout, by its name.
local function fields_on(page)
  local out = {}
  for _, section in ipairs(page.sections) do
    for _, field in ipairs(section.fields) do
      out[field.name] = field.read_only
    end
  end
  return out
end

-- A layout that Salesforce does not take back from a program is a person's work, and no reason to stop.
local function add_section(page, section, lacking, note)
  local done = try("If Salesforce takes the layout", function()
    return salesforce.add_to_layout("Add the section", {
      layout = page.id, section = section,
      fields = list.map(lacking, function(each)
        return { name = each.name, read_only = each.is_shown == true }
      end),
    })
  end)
  if crm.is_refused(done.error, "BadRequest") then
    note("layout section", page.name, section, "by hand",
      "Salesforce says: " .. done.error.message .. " Setup, Object Manager, Opportunity, Page Layouts: add a section"
      .. " with the fields; Referral Identifier, Referral Link and Audit read-only")
  elseif done.error ~= nil then
    error(done.error, 0)
  else
    note("layout section", page.name, section, "made", "Referral Identifier, Referral Link and Audit read-only")
  end
end

-- A layout keeps what is on it, as it is: also where people may write what they should only read.
local function settle_layout(page, all, section, note)
  local there = fields_on(page)
  local lacking = list.filter(all, function(each)
    return there[each.name] == nil
  end)
  if condition("If the layout lacks fields, then", #lacking > 0) then
    add_section(page, section, lacking, note)
  else
    note("layout section", page.name, section, "there")
  end
  for _, each in ipairs(all) do
    if each.is_shown and there[each.name] == false then
      note("layout field", page.name, each.name, "by hand",
        "people can change it here: Setup, Object Manager, Opportunity, Page Layouts, its properties, Read-Only")
    end
  end
end

local function settle_layouts(all, section, note)
  local found = salesforce.list_layouts("Get the page layouts", { object = "Opportunity" })
  foreach("Each page layout", found.layouts, function(page)
    settle_layout(page, all, section, note)
  end)
end

--- What belongs to the fields: who sees them, and the section of the page layouts.
function M.finish(all, section, note, count)
  if condition("If there are new fields, then", count > 0) then
    local set, is_new = permission_set(note)
    assign(set, is_new)
    local shown = show_all(all, set, is_new)
    note("field access", "user", SET, shown > 0 and "made" or "there", shown .. " fields shown")
  end
  settle_layouts(all, section, note)
end

return M
