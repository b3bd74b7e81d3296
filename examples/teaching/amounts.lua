--- Amounts of money are texts with an exact decimal number: 0.1 + 0.2 is 0.3.
return flow {
  title = "Amounts",
  trigger = trigger.manual {},

  run = function()
    local net = "199.90"
    local tax = money.round(money.mul(net, "0.19")) -- to two places, halves away from zero
    local total = money.add(net, tax)
    return {
      tax = tax,
      total = total,
      is_large = money.compare(total, "1000") >= 0,
      is_same = money.equal("199.9", net), -- formatting is no difference
      plain = money.normalise("0199.900"),
      printed = money.format("1234.5"),
      difference = money.sub(total, net),
      is_amount = money.is_amount("12,50"), -- a comma: no
      number = money.number(net), -- for services that want one
    }
  end,
}
