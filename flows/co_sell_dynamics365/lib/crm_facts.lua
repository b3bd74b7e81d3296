--- What Dynamics 365 says of itself, in the words of the shared library (co_sell/README.md).

local dynamics = connection "dynamics365"
local findings = require "co_sell.findings"
local rules = require "mapping"

local M = {}

local KINDS = {
  String = "text", Memo = "text", Money = "number", Decimal = "number", Double = "number", Integer = "number",
  Boolean = "boolean", Picklist = "choice", State = "choice", Status = "choice", DateTime = "datetime",
  Lookup = "lookup", Owner = "lookup", Customer = "lookup",
}

-- What lib/opportunity.lua fills by itself.
local GIVEN = { "isrevenuesystemcalculated", "parentaccountid", "ownerid" }

-- The rights of flows on tables: "<right> <name in privileges>".
local RIGHTS = {
  "prvCreateOpportunity", "prvReadOpportunity", "prvWriteOpportunity", "prvAppendOpportunity",
  "prvAppendToOpportunity", "prvAssignOpportunity", "prvCreateLead", "prvReadLead", "prvWriteLead",
  "prvCreateAccount", "prvReadAccount", "prvWriteAccount", "prvReadContact", "prvReadUser",
  "prvReadTransactionCurrency",
}

M.currency_remedy = "Add it in the Power Platform admin center: the environment's Settings, Business, Currencies."

local function kind_of(column)
  if column.type == "DateTime" and column.format == "DateOnly" then
    return "date"
  end
  return KINDS[column.type] or "other"
end

local function field_of(column)
  local options = column.options and list.map(column.options, function(option)
    return option.value
  end)
  return {
    name = column.name, label = column.label, kind = kind_of(column), length = column.max_length,
    create = column.create, update = column.update, options = options,
    calculated = column.source ~= "simple",
    required = column.required == "ApplicationRequired" and column.create,
  }
end

--- The columns of a table, by name, and its alternate keys.
function M.described(name, table)
  local found = dynamics.describe_table(name, { table = table })
  local fields = {}
  for _, column in ipairs(found.columns) do
    fields[column.name] = field_of(column)
  end
  return { fields = fields, keys = found.keys }
end

--- The columns of a table that may not be there; nil then.
function M.described_if_there(name, table)
  local done = try("If there is the table", function()
    return M.described(name, table)
  end)
  if done.error ~= nil and done.error.code ~= "NotFound" then
    error(done.error, 0)
  end
  return done.value
end

--- Opportunities, for the check of the mapping. Forms demand required columns, the API does not.
function M.opportunity()
  local found = M.described("Describe opportunities", "opportunity")
  return {
    fields = found.fields, given = GIVEN, refuses_without = false,
    child = function(table)
      return M.described_if_there("Describe the child table", table)
    end,
  }
end

function M.check_rights(out)
  local found = dynamics.check_privileges("Check the rights of the user", { names = RIGHTS })
  if #found.missing > 0 then
    findings.problem(out, "CRM rights", "No security role of the connection's user gives "
      .. text.join(found.missing, ", ") .. ".",
      "Give it the role System Administrator or System Customizer, or the role of the connector's instructions.")
  else
    findings.fine(out, "CRM rights", "opportunities, leads, accounts, contacts, users and currencies")
  end
end

--- Whether a column may belong to a co-sell solution, Microsoft's or ours.
function M.is_co_sell(name)
  return text.starts_with(name, "msft_")
end

--- What the pack relies on beyond columns: that a referral has one opportunity.
function M.verify(out)
  local found = M.described("Describe opportunities", "opportunity")
  local key = list.find(found.keys, function(each)
    return each.columns[1] == rules.columns.referral_id
  end)
  if key == nil then
    findings.problem(out, "Alternate key", "No key makes " .. rules.columns.referral_id .. " unique.",
      "Let `tideway crm apply` make it.")
  elseif key.status ~= "Active" then
    findings.problem(out, "Alternate key", "The index of " .. key.name .. " is " .. key.status .. ".",
      "Wait until it is built; when it has failed, two opportunities have the same referral: merge them.")
  else
    findings.fine(out, "Alternate key", key.name)
  end
end

--- The variables that name something of the CRM.
function M.check_variables(out)
  local account = M.described("Describe accounts", "account").fields
  findings.check_variable(out, "Country code field", "country_code_column", env("country_code_column"),
    list.keys(account), "column of accounts that the connection's user sees")
end

--- The codes that deals can be in.
function M.currencies()
  local found = dynamics.list_rows("Get the currencies",
    { table = "transactioncurrency", select = { "isocurrencycode" }, filter = "statecode eq 0" })
  return list.map(found.rows, function(row)
    return row.isocurrencycode
  end)
end

return M
