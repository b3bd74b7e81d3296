--- Times: moments in UTC, wall clocks in a zone, and dates.
return flow {
  title = "Times",
  trigger = trigger.manual { inputs = { { name = "closing", title = "Closing date", type = "text" } } },

  run = function(input)
    local closing = input.closing or "2026-03-31"
    local now_utc = now() -- recorded: a replay sees the same
    local office_opens = time.to_utc(time.date(now_utc) .. "T08:00:00", "Europe/Berlin")
    return {
      week_later = time.add(now_utc, { weeks = 1 }),
      month_end = time.add("2026-01-31T00:00:00Z", { months = 1 }), -- the last day of February
      days_left = time.difference(now_utc, closing) // 86400,
      office_opens = office_opens,
      is_open = time.compare(now_utc, office_opens) >= 0,
      in_berlin = time.format(now_utc, "dd.MM.yyyy HH:mm", "W. Europe Standard Time"),
      day_began = time.start_of_day(now_utc, "Europe/Berlin"),
      same_day = time.equal_date("2026-03-31T22:00:00Z", closing), -- formatting is no difference
      day_of_week = time.day_of_week(closing), -- 0 is Sunday
      year = time.parts(closing).year,
    }
  end,
}
