--- Customizing Dynamics 365, in the words of the shared library (co_sell/crm_setup.lua).

local dynamics = connection "dynamics365"
local map = require "co_sell.mapping"
local crm = require "lib.crm"
local crm_facts = require "lib.crm_facts"
local form = require "lib.form"

local M = {}

M.VISIBILITY = "Microsoft Partner Center Referral Visibility"
M.TABLES = { "opportunity", "lead" }

local RIGHTS = { "prvCreateAttribute", "prvCreateEntityKey", "prvWriteCustomization", "prvPublishCustomization" }

-- Where mapping.json keeps something in a table of its own.
local TABLE_RIGHTS = { "prvCreateEntity", "prvCreateRelationship" }

local MAIN_FORM = 2

--- Columns of a publisher have its prefix: opportunity's own have none.
function M.is_custom(name)
  return string.find(name, "^%l%w*_") ~= nil and not text.starts_with(name, "address")
end

--- Why nothing can be done; nil when the user may customize.
function M.missing_role()
  local names = #map.children() > 0 and list.concat(RIGHTS, TABLE_RIGHTS) or RIGHTS
  local found = dynamics.check_privileges("Check the rights of the user", { names = names })
  if #found.missing > 0 then
    return "The connection's user needs the role System Customizer or System Administrator: it lacks "
      .. text.join(found.missing, ", ") .. "."
  end
end

--- The columns of a table, by name.
function M.fields(where)
  return crm_facts.described("Describe the table", where).fields
end

local TYPE = { boolean = "boolean", text = "text", url = "url", memo = "memo", choice = "choice" }

function M.create(where, each)
  dynamics.create_column("Create the column", {
    table = where, name = each.name, label = each.label, type = TYPE[each.kind],
    max_length = each.kind == "memo" and crm.AUDIT_MAX or each.length, choices = each.choices,
    description = "Co-sell deals of Partner Center.",
  })
end

local function create_table(rows)
  dynamics.create_table("Create the table", {
    table = rows.table, label = "Microsoft Solution", plural = "Microsoft Solutions",
    primary_name = { name = rows.column, label = "Solution ID", max_length = 100 },
    description = "Co-sell deals of Partner Center.",
  })
end

--- The child table of mapping.json: the table, its column and its lookup to the opportunity.
function M.settle_table(rows, note)
  local found = crm_facts.described_if_there("Describe the child table", rows.table)
  local fields = found and found.fields or { [rows.column] = true }
  if condition("If the table is not there, then", found == nil) then
    create_table(rows)
    note("table", "opportunity", rows.table, "made", "Microsoft Solutions")
  else
    note("table", "opportunity", rows.table, "there", "Microsoft Solutions")
  end
  if condition("If it has no column for the solution, then", fields[rows.column] == nil) then
    M.create(rows.table, { name = rows.column, label = "Solution ID", kind = "text", length = 100 })
    note("column", rows.table, rows.column, "made", "Solution ID")
  end
  if condition("If it has no lookup to the opportunity, then", fields[rows.parent] == nil) then
    dynamics.create_column("Create the lookup",
      { table = rows.table, name = rows.parent, label = "Opportunity", type = "lookup", target = "opportunity" })
    note("column", rows.table, rows.parent, "made", "Opportunity")
  end
end

local function settle_key(where, note)
  local column = map.column.referral_id
  local keys = crm_facts.described("Describe the keys", where).keys
  local key = list.find(keys, function(each)
    return #each.columns == 1 and each.columns[1] == column
  end)
  if condition("If there is a key, then", key ~= nil) then
    note("key", where, key.name, "there", "Referral Identifier")
    return
  end
  dynamics.create_key("Create the key",
    { table = where, name = column .. "key", label = "Referral Identifier", columns = { column } })
  note("key", where, column .. "key", "made", "Referral Identifier")
end

-- Whether a form was changed.
local function settle_form(all, section, note)
  local found = dynamics.list_rows("Get the main forms", {
    table = "systemform", filter = "objecttypecode eq 'opportunity' and type eq " .. MAIN_FORM,
    select = { "name", "formxml" },
  })
  local is_changed = false
  foreach("Each form", found.rows, function(row)
    local xml = form.with_section(row.formxml, section, all)
    if condition("If it has the section, then", xml == nil) then
      note("form section", row.name, section, "there")
      return
    end
    dynamics.update_row("Add the section",
      { table = "systemform", id = row.id, etag = row.etag, changes = { formxml = xml } })
    is_changed = true
    note("form section", row.name, section, "made", "Referral Identifier, Referral Link and Audit read-only")
  end)
  return is_changed
end

local function settle_view(note)
  local name = "Partner Center deals"
  local found = dynamics.list_rows("Get the view", {
    table = "savedquery", select = { "name" },
    filter = "returnedtypecode eq 'opportunity' and name eq '" .. name .. "'",
  })
  if condition("If there is a view, then", #found.rows > 0) then
    note("view", "opportunity", name, "there")
    return false
  end
  dynamics.create_row("Create the view",
    { table = "savedquery", key = { "partner center view" }, row = form.view(name, map.column) })
  note("view", "opportunity", name, "made")
  return true
end

--- What belongs to the columns: the key, the section of the form, the view; and publishing them.
function M.finish(all, section, note)
  for _, where in ipairs(M.TABLES) do
    settle_key(where, note)
  end
  local has_form = settle_form(all, section, note)
  local has_view = settle_view(note)
  if condition("If people should see something new, then", has_form or has_view) then
    dynamics.publish_customizations("Publish", { tables = { "opportunity" } })
  end
end

return M
