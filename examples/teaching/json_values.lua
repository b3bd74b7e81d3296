--- JSON: null is not nil, empty lists stay lists, and large numbers stay whole.
return flow {
  title = "JSON values",
  trigger = trigger.manual {},

  run = function()
    local row = json.decode('{"name": null, "tags": [], "id": 9007199254740993}')
    return {
      reads_as_nil = row.name == nil,
      but_is_null = json.is_null(row, "name"), -- the key is there
      is_missing = not json.is_null(row, "phone"), -- this one is not
      row = row, -- encodes as it came: null, [] and all digits
      cleared = { phone = null }, -- null can be written anywhere
      text = json.encode { b = 1, a = array {} }, -- keys sorted
    }
  end,
}
