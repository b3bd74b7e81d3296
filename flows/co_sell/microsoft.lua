--- What Microsoft did about its half of a deal.

local map = require "co_sell.mapping"
local audit = require "co_sell.audit"

local M = {}

local function news(referral)
  if referral.status == "Active" then
    return "Microsoft accepted the deal."
  elseif referral.status == "Closed" then
    local reason = referral.statusReason
    local tail = (reason ~= nil and reason ~= "") and ": " .. reason or "."
    return "Microsoft closed its half as " .. tostring(referral.substatus) .. tail
  end
  return nil
end

--- What the row does not say yet, and the sentence for it; nothing when it says all.
function M.changes(referral, row)
  local msx = (referral.trackingInfo or {}).microsoftMsxId
  local sentence = news(referral)
  local is_told = sentence == nil or string.find(row[map.column.audit] or "", sentence, 1, true) ~= nil
  return {
    [map.column.microsoft_id] = msx ~= row[map.column.microsoft_id] and msx or nil,
    [map.column.audit] = not is_told and audit.line(row, sentence) or nil,
  }, sentence
end

return M
