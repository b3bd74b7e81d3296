--- Lists: filter, map, sort, group and compare, with functions or the name of a field.
return flow {
  title = "Lists",
  trigger = trigger.manual {},

  run = function()
    local orders = array {
      { number = "N-3", customer = "Contoso", items = 2 },
      { number = "N-1", customer = "Fabrikam", items = 5 },
      { number = "N-2", customer = "Contoso", items = 1 },
    }
    local by_customer = list.group_by(orders, "customer")
    return {
      large = list.map(list.filter(orders, function(order) return order.items > 1 end), "number"),
      sorted = list.map(list.sort_by(orders, "number"), "number"),
      items = list.sum(orders, "items"),
      first = list.find(orders, function(order) return order.customer == "Fabrikam" end).number,
      of_contoso = #by_customer.Contoso,
      customers = list.distinct(list.map(orders, "customer")),
      has_large = list.any(orders, function(order) return order.items > 4 end),
      two = list.map(list.take(orders, 2), "number"),
      both = list.intersection({ "a", "b" }, { "b", "c" }),
      missing = list.difference({ "a", "b" }, { "b", "c" }),
      equal = list.deep_equal({ a = { 1, 2 } }, { a = { 1, 2 } }),
      keys = list.keys({ b = 1, a = 2 }),
      none = array {}, -- an empty list; {} is an empty object
    }
  end,
}
