--- Leads of Dynamics 365, in the words of the shared library (co_sell/README.md).

local dynamics = connection "dynamics365"
local map = require "co_sell.mapping"
local quoted = require("lib.crm").quoted

local M = {}

local COLUMNS = { "statecode", "_qualifyingopportunityid_value", map.column.sync, map.column.referral_id }

local QUALIFIED, DISQUALIFIED = 1, 2
local CANCELED = 7

local STATE = { [QUALIFIED] = "converted", [DISQUALIFIED] = "declined" }

-- A lead that was qualified without an opportunity has nothing that the deal could belong to.
local function seen(row)
  row.opportunity_id = row._qualifyingopportunityid_value
  row.state = STATE[row.statecode] or "open"
  if row.state == "converted" and row.opportunity_id == nil then
    row.state = "open"
  end
  return row
end

function M.get(name, id)
  return seen(dynamics.get_row(name, { table = "lead", id = id, select = COLUMNS }))
end

function M.find(name, own)
  local found = dynamics.list_rows(name,
    { table = "lead", select = COLUMNS, filter = map.column.referral_id .. " eq " .. quoted(own.id) })
  return found.rows[1] and seen(found.rows[1])
end

--- The leads that carry a referral: {id, referral_id}.
function M.linked(name)
  local found = dynamics.list_rows(name, {
    table = "lead", select = { map.column.referral_id }, filter = map.column.referral_id .. " ne null",
  })
  return list.map(found.rows, function(row)
    return { id = row.id, referral_id = row[map.column.referral_id] }
  end)
end

function M.write(name, row, changes)
  dynamics.update_row(name, { table = "lead", id = row.id, etag = row.etag, changes = changes })
end

function M.create(name, own)
  return run_child_flow(name, "create_or_get_details_from_dynamics365",
    { action_type = "CreateLead", referral = own })
end

function M.decline(name, row)
  dynamics.update_row(name, {
    table = "lead", id = row.id, etag = row.etag, changes = { statecode = DISQUALIFIED, statuscode = CANCELED },
  })
end

return M
