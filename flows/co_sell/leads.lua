--- Leads of Partner Center: independent referrals. One that was accepted is an opportunity; any other is a lead.

local audit = require "co_sell.audit"
local conclude = require "co_sell.conclude"
local crm = require "lib.crm"
local lead = require "lib.lead"
local map = require "co_sell.mapping"
local opportunity = require "lib.opportunity"

local referrals = connection "partner_center_referrals"

local M = {}

--- Whether leads are synchronized, and the referral is one.
function M.is_lead(own)
  return own.type ~= "Shared" and env("sync_co_sell_only") ~= true
end

--- A lead that was accepted; whoever has accepted it, there is an opportunity to be made.
function M.is_accepted(own)
  return M.is_lead(own) and own.status == "Active"
end

--- Brings a lead that was not accepted into the CRM: its row, or nil when there is nothing to do; and how that ended.
function M.to_crm(own)
  local row = lead.find("Find the lead", own)
  if condition("If it's new lead, then", row == nil and own.status == "New") then
    return lead.create("Creating a new lead in the CRM", own), conclude("created", "lead")
  end
  local is_behind = row ~= nil and own.status == "Closed" and row.state == "open"
  if condition("If the lead was closed in Partner Center, then", is_behind) then
    lead.decline("Update existing lead", row)
    return row, conclude("updated", "Status")
  end
  return row, row and conclude("no change")
end

-- The opportunity of a converted lead belongs to the deal from then on.
local function link(id, own)
  local row = crm.get("Get the opportunity of the lead", id)
  local is_complete = map.of_row(row, "details/dealValue") ~= nil and map.of_row(row, "details/closingDateTime") ~= nil
  local sentence = is_complete and "The lead was accepted."
    or "The lead is not accepted yet: " .. crm.revenue .. " and " .. crm.close_date .. " are required."
  local changes = {
    [map.column.sync] = true, [map.column.referral_id] = own.id, [map.column.link] = map.link(own.id),
  }
  opportunity.write("Link the opportunity with the referral", row, audit.with_line(changes, row, sentence))
  return is_complete, sentence
end

--- Answers a lead in Partner Center as it was answered in the CRM.
function M.to_referral(row, own)
  if condition("If the lead was answered already, then", own.status ~= "New") then
    return conclude("no change")
  elseif condition("If the lead was converted, then", row.state == "converted") then
    local is_complete, sentence = link(row.opportunity_id, own)
    if condition("If revenue or closing date is missing, then", not is_complete) then
      return conclude("refused", sentence)
    end
    referrals.patch_referral("Accept the lead", { id = own.id, etag = own.eTag,
      changes = { status = "Active", substatus = "Accepted", externalReferenceId = row.opportunity_id } })
    return conclude("updated", "accepted")
  elseif condition("If the lead was declined, then", row.state == "declined") then
    referrals.patch_referral("Decline the lead",
      { id = own.id, etag = own.eTag, changes = { status = "Closed", substatus = "Declined" } })
    return conclude("updated", "declined")
  end
  return conclude("no change")
end

return M
