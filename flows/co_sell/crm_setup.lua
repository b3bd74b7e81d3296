--- The flow Set up the CRM columns: finds the columns that the pack needs, by their names in mapping.json or by what
-- people call them, and makes those that are missing. Never deletes or changes one. Muted it is the plan.

local map = require "co_sell.mapping"
local rules = require "mapping"
local setup = require "lib.crm_setup"

local M = {}

local HELP = {
  WorkloadSpecificValueProposition = "Workload Specific Value Proposition",
  CustomerTechnicalArchitecture = "Customer Technical Architecture",
  ProofOfConceptOrDemo = "Proof Of Concept or Demo",
  QuotesOrLicensing = "Quotes or Licensing",
  PostSalesCustomerSuccess = "Post Sales Customer Success",
  GeneralOrOther = "General or Other",
}

local SECTION = "Partner Center"

-- Names as Microsoft's documents have them. `is_shown` ones are read-only for people.
local function wanted()
  local column = rules.columns
  local function row(path)
    local rule = map.rule(path) or {}
    return not rule.rows and rule.row or nil
  end
  local all = {
    { name = column.sync, label = "Sync with Partner Center", kind = "boolean" },
    { name = column.referral_id, label = "Referral Identifier", kind = "text", length = 100, is_key = true,
      is_shown = true },
    { name = column.link, label = "Referral Link", kind = "url", length = 255, is_shown = true },
    { name = column.help, label = "How can Microsoft help?", kind = "choice", choices = array {} },
    { name = row("details/requirements/solutions"), label = "Products", kind = "text", length = 255 },
    { name = column.audit, label = "Audit", kind = "memo", is_shown = true },
    { name = row("consent/consentToShareReferralWithMicrosoftSellers"), label = setup.VISIBILITY, kind = "boolean" },
    { name = column.microsoft_id, label = "Microsoft CRM Identifier", kind = "text", length = 100 },
  }
  local values = map.rule("inviteContext/assistanceRequestCode").values
  for _, code in ipairs(list.keys(values)) do
    local choices = all[4].choices
    choices[#choices + 1] = { value = values[code], label = HELP[code] or code }
  end
  return list.filter(all, function(each)
    return each.name ~= nil and setup.is_custom(each.name)
  end)
end

local function note(out, what, where, name, state, remark)
  out[#out + 1] = { what = what, where = where, name = name, state = state, remark = remark }
end

local function called(fields, label)
  for _, name in ipairs(list.keys(fields)) do
    if text.equal_ignoring_case(fields[name].label or "", label) and setup.is_custom(name) then
      return name
    end
  end
end

-- One column of one table.
local function settle(out, where, each, fields)
  if condition("If the column is there, then", fields[each.name] ~= nil) then
    note(out, "column", where, each.name, "there", each.label)
    return
  end
  local other = called(fields, each.label)
  if condition("If people have one of this name already, then", other ~= nil) then
    note(out, "column", where, other, "by hand",
      "'" .. each.label .. "' is there as " .. other .. ": write that instead of " .. each.name .. " in mapping.json")
    return
  end
  setup.create(where, each)
  note(out, "column", where, each.name, "made", each.label)
end

local function count(out, state)
  return #list.filter(out, function(each)
    return each.state == state
  end)
end

--- The rows {what, where, name, state, remark}; a state is there, made or by hand.
function M.run()
  local role = setup.missing_role()
  if condition("If the user may not customize the CRM, then", role ~= nil) then
    return outcome("refused", role)
  end
  local out, all = array {}, wanted()
  for _, where in ipairs(setup.TABLES) do
    local fields = setup.fields(where)
    foreach("Each column", all, function(each)
      settle(out, where, each, fields)
    end)
  end
  -- Forms and rights need the names that mapping.json will have.
  if condition("If mapping.json names every column, then", count(out, "by hand") == 0) then
    setup.finish(all, SECTION, function(...)
      note(out, ...)
    end, count(out, "made"))
  end
  for _, rule in ipairs(map.children()) do
    setup.settle_table(rule.rows, function(...)
      note(out, ...)
    end)
  end
  local made = count(out, "made")
  outcome(made > 0 and "made" or "no change", made > 0 and made .. " of " .. #out or nil)
  return { rows = out }
end

return M
