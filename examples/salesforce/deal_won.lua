--- When a deal is won, its customer is told apart: a note on the account, once per deal.
-- Change events name what changed; everything else is read, as it is now.
local crm = connection "salesforce"

return flow {
  title = "Deal won",
  trigger = trigger.salesforce_change_event { object = "Opportunity", fields = { "StageName" } },
  run = function(event)
    if condition("If events are missing", event.change == "LOST") then
      return outcome("lost", "The flow was off for longer than Salesforce keeps events.")
    end
    local found = crm.query("Find the deal, if it is won", {
      soql = "SELECT Id, Name, AccountId, Account.Description FROM Opportunity WHERE Id = :id AND IsWon = TRUE",
      values = { id = event.id },
    })
    local deal = found.records[1]
    if not condition("If it is won and has a customer", deal ~= nil and deal.AccountId ~= nil) then
      return outcome("ignored")
    end
    local note = "Customer by " .. deal.Name .. "."
    if condition("If the note is there already", deal.Account.Description == note) then
      return outcome("no change")
    end
    crm.update_record("Note it on the account", {
      object = "Account",
      id = deal.AccountId,
      changes = { Description = note },
    })
    outcome("noted", note)
  end,
}
