--- Tracked values: what history can be searched by.
-- Start it:  tideway flows run tracked_values --input '{"order":"A-1","country":"DE","amount":120}'
-- Find it:   tideway runs list --tracked order=A-1
return flow {
  title = "Tracked values",
  trigger = trigger.manual {},

  run = function(order)
    -- Said as early as it is known: a run that waits or fails is found, too.
    track { order = order.order, country = order.country }
    if condition("If the order is large, then", order.amount >= 100) then
      -- A name may have several values; texts, numbers, true and false are kept.
      track { mark = "large" }
    end
    track { mark = "seen", paid = false }
    outcome("noted", order.order)
  end,
}
