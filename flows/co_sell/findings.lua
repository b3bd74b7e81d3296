--- What a look at the environment finds: {check, ok, message, remedy}. A warning is ok and says what is worth knowing.

local M = {}

function M.fine(findings, check, message)
  findings[#findings + 1] = { check = check, ok = true, message = message }
end

function M.warning(findings, check, message, remedy)
  findings[#findings + 1] = { check = check, ok = true, warning = true, message = message, remedy = remedy }
end

function M.problem(findings, check, message, remedy)
  findings[#findings + 1] = { check = check, ok = false, message = message, remedy = remedy }
end

--- Whether the value of a variable of the pack is one of what there is. `what`: such a thing, in words.
function M.check_variable(findings, check, variable, value, known, what)
  if list.contains(known, value) then
    M.fine(findings, check, value)
  else
    M.problem(findings, check, "'" .. tostring(value) .. "' is no " .. what .. ".",
      "Set the variable " .. variable .. " to the API name of one: tideway variables set")
  end
end

--- A step that a service refused, as a problem: its own words, and its own remedy.
function M.refused(findings, check, failure)
  M.problem(findings, check, failure.message, failure.remedy or "Resolve what the message says, then look again.")
end

--- Ends the run: `word` is what it is called when something is wrong.
function M.report(findings, word)
  local wrong = list.filter(findings, function(each)
    return not each.ok
  end)
  if #wrong > 0 then
    outcome(word, #wrong .. " of " .. #findings .. ": " .. wrong[1].check .. ": " .. wrong[1].message)
  else
    outcome("ok", #findings .. " checks")
  end
  return { findings = findings }
end

return M
