--- The flow Verify tenant: what Microsoft's documents leave open, looked up in this tenant. It only reads.

local findings = require "co_sell.findings"
local crm_facts = require "lib.crm_facts"
local rules = require "mapping"

local referrals = connection "partner_center_referrals"

local M = {}

local PAGE = 200

local KNOWN = {
  "@odata.context", "id", "engagementId", "name", "organizationId", "organizationName", "externalReferenceId",
  "campaignId", "referralProgram", "createdDateTime", "updatedDateTime", "expirationDateTime", "acceptedDateTime",
  "closedDateTime", "status", "substatus", "statusReason", "salesStage", "qualification", "type", "referralSource",
  "direction", "eTag", "favorite", "lastModifiedVia", "lastRunId", "createdVia", "mpnId", "quality", "isSpam",
  "dealSensitivity", "tags", "callToAction", "offerId", "target", "customerProfile", "consent", "details", "team",
  "inviteContext", "trackingInfo", "registrationStatus", "registrations", "links", "partnerRole", "solutionArea",
  "solutionPlay",
}

local WORDS = {
  status = { "None", "New", "Active", "Closed" },
  substatus = { "None", "Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error" },
  type = { "Independent", "Shared" },
  qualification = { "None", "Direct", "MarketingQualified", "SalesQualified" },
  direction = { "Incoming", "Outgoing" },
}

local ASK = "Tell the pack's publisher: the sync may need to know it."

-- What a part of the look raises is a deviation of its own.
local function look(out, check, part)
  local done = try("Look at one part", part)
  if done.error ~= nil then
    findings.refused(out, check, done.error)
  end
  return done.value
end

local function new_fields(deals)
  local out = {}
  for _, deal in ipairs(deals) do
    out = list.union(out, list.difference(list.keys(deal), KNOWN))
  end
  return list.difference(out, { "id", "etag", "object" })
end

local function new_words(deals)
  local out = {}
  for _, field in ipairs(list.keys(WORDS)) do
    for _, deal in ipairs(deals) do
      local word = deal[field]
      if type(word) == "string" and not list.contains(WORDS[field], word) then
        out[#out + 1] = field .. " " .. word
      end
    end
  end
  return list.distinct(out)
end

local function check_referrals(out, deals)
  local fields, words = new_fields(deals), new_words(deals)
  if #fields > 0 then
    findings.warning(out, "Fields of referrals", "Not in the documents: " .. text.join(fields, ", ") .. ".", ASK)
  else
    findings.fine(out, "Fields of referrals", #deals .. " referrals have the documented fields only")
  end
  if #words > 0 then
    findings.problem(out, "Values of referrals", "Not in the documents: " .. text.join(words, ", ") .. ".", ASK)
  else
    findings.fine(out, "Values of referrals", "states, types and qualifications are the documented ones")
  end
end

-- Whether it works is in no document, so nothing here relies on it; a wrong answer is worth knowing all the same.
local function check_filter(out)
  local check = "Filter by updatedDateTime"
  local since = time.format(time.add(now(), { days = -30 }), "yyyy-MM-dd'T'HH':00:00Z'")
  local done = try("Filter by time", function()
    return referrals.list_referrals("Get what changed lately",
      { filter = "updatedDateTime gt " .. since, top = PAGE, max_items = PAGE }).referrals
  end)
  if condition("If the filter is refused, then", done.error ~= nil and not done.error.retryable) then
    findings.fine(out, check, "refused; deals are read in the order of their changes")
    return
  elseif done.error ~= nil then
    error(done.error, 0)
  end
  local older = list.filter(done.value, function(deal)
    return time.difference(since, deal.updatedDateTime) < 0
  end)
  if #older > 0 then
    findings.problem(out, check, #older .. " of " .. #done.value .. " are older than was asked for.", ASK)
  else
    findings.fine(out, check, #done.value .. " referrals of the last 30 days")
  end
end

local function check_events(out)
  local names = referrals.list_webhook_events("List the events", {}).events
  local lacking = list.difference(
    { "referral-created", "referral-updated", "related-referral-created", "related-referral-updated", "test-created" },
    names)
  if #lacking > 0 then
    findings.problem(out, "Webhook events", "Partner Center does not offer " .. text.join(lacking, ", ") .. ".", ASK)
  else
    findings.fine(out, "Webhook events", #names .. " are offered, those of referrals among them")
  end
end

-- Microsoft's own names of the co-sell columns are not public.
local function check_names(out, fields)
  local ours = list.values(rules.columns)
  for _, rule in ipairs(rules.fields) do
    ours[#ours + 1] = rule.row
  end
  local others = list.filter(list.keys(fields), function(name)
    return crm_facts.is_co_sell(name) and not list.contains(ours, name)
  end)
  if #others > 0 then
    findings.warning(out, "Names of the co-sell columns", "Besides those of mapping.json there are "
      .. text.join(others, ", ") .. ".", "If Microsoft's solution made them, name them in mapping.json instead.")
  else
    findings.fine(out, "Names of the co-sell columns", "those of mapping.json, and no others")
  end
end

function M.run()
  local out = array {}
  local deals = look(out, "Read referrals", function()
    return referrals.list_referrals("Get the deals that were changed last",
      { orderby = "updatedDateTime desc", top = PAGE, max_items = PAGE }).referrals
  end)
  if condition("If deals can be read, then", deals ~= nil) then
    findings.fine(out, "Read referrals", "the role of the user is enough; a page held " .. #deals)
    check_referrals(out, deals)
  end
  look(out, "Filter by updatedDateTime", function() check_filter(out) end)
  look(out, "Webhook events", function() check_events(out) end)
  look(out, "Names of the co-sell columns", function() check_names(out, crm_facts.opportunity().fields) end)
  look(out, "CRM", function() crm_facts.verify(out) end)
  return findings.report(out, "deviations")
end

return M
