--- What Salesforce says of itself, in the words of the shared library (co_sell/README.md).

local salesforce = connection "salesforce"
local rules = require "mapping"
local findings = require "co_sell.findings"
local map = require "co_sell.mapping"

local M = {}

local KINDS = {
  string = "text", textarea = "text", url = "text", email = "text", phone = "text", currency = "number",
  double = "number", int = "number", percent = "number", boolean = "boolean", picklist = "choice", date = "date",
  datetime = "datetime", reference = "lookup",
}

-- What lib/new_opportunity.lua fills by itself.
local GIVEN = { "StageName", "AccountId", "OwnerId" }

-- What flows do with objects: flags of the list of objects.
local RIGHTS = {
  Opportunity = { "queryable", "createable", "updateable" },
  Lead = { "queryable", "createable", "updateable" },
  Account = { "queryable", "createable" },
  Contact = { "queryable" },
  OpportunityContactRole = { "queryable" },
  User = { "queryable" },
}

local RIGHT_NAME = { queryable = "Read", createable = "Create", updateable = "Edit" }

M.currency_remedy = "Activate it in Setup, Company Information, Currency Setup, Manage Currencies."

local function values_of(field)
  if field.type ~= "picklist" then
    return nil
  end
  local active = list.filter(field.picklistValues, function(value)
    return value.active ~= false
  end)
  return list.map(active, function(value)
    return value.value
  end)
end

local function field_of(field)
  local has_default = field.defaultedOnCreate == true or field.type == "boolean"
  return {
    name = field.name, label = field.label, kind = KINDS[field.type] or "other",
    length = field.length and field.length > 0 and field.length or nil,
    create = field.createable, update = field.updateable, options = values_of(field),
    calculated = field.calculated == true,
    required = field.nillable == false and field.createable and not has_default,
    external_id = field.externalId,
  }
end

--- The fields of an object, by name.
function M.described(name, object)
  local found = salesforce.describe_object(name, { object = object })
  local fields = {}
  for _, field in ipairs(found.fields) do
    fields[field.name] = field_of(field)
  end
  return { fields = fields }
end

--- The fields of an object that may not be there; nil then.
function M.described_if_there(name, object)
  local done = try("If there is the object", function()
    return M.described(name, object)
  end)
  if done.error ~= nil and done.error.code ~= "NotFound" then
    error(done.error, 0)
  end
  return done.value
end

--- Opportunities, for the check of the mapping.
function M.opportunity()
  local found = M.described("Describe opportunities", "Opportunity")
  return {
    fields = found.fields, given = GIVEN, refuses_without = true,
    child = function(object)
      return M.described_if_there("Describe the child object", object)
    end,
  }
end

local function rights()
  local out = {}
  for object, flags in pairs(RIGHTS) do
    out[object] = flags
  end
  for _, rule in ipairs(map.children()) do
    out[rule.rows.table] = { "queryable", "createable" }
  end
  return out
end

function M.check_rights(out)
  local found = salesforce.list_objects("Get what the user may do", {})
  local by_name, lacking, wanted = {}, {}, rights()
  for _, object in ipairs(found.objects) do
    by_name[object.name] = object
  end
  for _, object in ipairs(list.keys(wanted)) do
    for _, flag in ipairs(wanted[object]) do
      if (by_name[object] or {})[flag] ~= true then
        lacking[#lacking + 1] = RIGHT_NAME[flag] .. " " .. object
      end
    end
  end
  if #lacking > 0 then
    findings.problem(out, "CRM rights", "The connection's user may not " .. text.join(lacking, ", ") .. ".",
      "Give it these object permissions in a permission set.")
  else
    findings.fine(out, "CRM rights", text.join(list.keys(wanted), ", "))
  end
end

--- Whether a field may belong to a co-sell package, Microsoft's or ours.
function M.is_co_sell(name)
  return text.ends_with(name, "__c") and (string.find(name, "Referral", 1, true) ~= nil
    or string.find(name, "Partner_Center", 1, true) ~= nil or string.find(name, "Microsoft", 1, true) ~= nil)
end

local function check_stages(out)
  local found = salesforce.query("Get the stages",
    { soql = "SELECT ApiName FROM OpportunityStage WHERE IsActive = TRUE AND IsClosed = FALSE" })
  local open, what = list.map(found.records, "ApiName"), "open, active stage of the organization"
  findings.check_variable(out, "Active stage", "active_stage", env("active_stage"), open, what)
  findings.check_variable(out, "On-hold stage", "on_hold_stage", env("on_hold_stage"), open, what)
end

local function check_lead_statuses(out)
  local status = M.described("Describe leads", "Lead").fields.Status
  local active, what = status and status.options or {}, "active value of Lead Status"
  findings.check_variable(out, "Status of a new lead", "open_lead_status", env("open_lead_status"), active, what)
  findings.check_variable(out, "Status of a declined lead", "declined_lead_status", env("declined_lead_status"), active,
    what)
end

--- The variables that name something of the organization.
function M.check_variables(out)
  local account = M.described("Describe accounts", "Account").fields
  findings.check_variable(out, "Country code field", "country_code_field", env("country_code_field"),
    list.keys(account), "field of accounts that the connection's user sees")
  check_stages(out)
  if condition("If leads are synchronized, then", env("sync_co_sell_only") ~= true) then
    check_lead_statuses(out)
  end
end

--- What the pack relies on beyond fields: that a referral has one opportunity.
function M.verify(out)
  local key = M.described("Describe the referral's field", "Opportunity").fields[rules.columns.referral_id]
  if key == nil or not key.external_id then
    findings.problem(out, "External ID", rules.columns.referral_id .. " is no external ID of opportunities.",
      "Edit the field in Setup and tick External ID and Unique.")
  else
    findings.fine(out, "External ID", rules.columns.referral_id)
  end
end

--- The codes that deals can be in: the values of the currency field. nil when there is no such field.
function M.currencies()
  for _, rule in ipairs(rules.fields) do
    if rule.referral == "details/currency" then
      local field = M.described("Describe the currency field", "Opportunity").fields[rule.row]
      return field and (field.options or array {})
    end
  end
end

return M
