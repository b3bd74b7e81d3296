--- Texts: what the string functions of expressions are used for.
return flow {
  title = "Texts",
  trigger = trigger.manual {},

  run = function()
    local line = "  SOL-20001-XYZ; sol-30002-abc ;"
    local codes = list.map(text.split(line, ";"), function(piece)
      local code = text.upper(text.trim(piece))
      return not text.is_blank(code) and code or nil
    end)
    return {
      codes = codes,
      joined = text.join(codes, ", "),
      number = text.substring(codes[1], 5, 9), -- from the fifth to the ninth character
      is_solution = text.starts_with(codes[1], "SOL-"),
      same = text.equal_ignoring_case("Contoso", "CONTOSO"),
      found_at = text.index_of(codes[1], "XYZ"), -- from 1; nil when it is not there
      renamed = text.replace(codes[2], "SOL", "OFFER"),
      short = text.truncate("A sentence that is too long", 12, "..."),
      letters = text.length("Zürich"), -- characters, not bytes
      padded = text.pad_left("7", 3, "0"),
      encoded = text.to_base64("Fabrikam"),
      lines = #text.lines("one\r\ntwo\nthree"),
      filled = string.format("%s has %d codes", "Northwind", #codes),
    }
  end,
}
