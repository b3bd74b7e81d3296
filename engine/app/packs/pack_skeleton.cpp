#include "engine/app/packs/pack_skeleton.h"

#include "engine/base/json.h"

namespace tideway::app {

namespace {

constexpr const char* kFlow = R"lua(--- Greets somebody by the name that a person gives.
local wording = require "lib.wording"

return flow {
  title = "Hello",
  trigger = trigger.manual {
    inputs = { { name = "name", title = "Whom to greet", type = "text" } },
  },

  run = function(input)
    local line = compose("Put the greeting together", wording.greeting(env "greeting", input.name))
    outcome("greeted", line)
    return { line = line }
  end,
}
)lua";

constexpr const char* kLibrary = R"lua(--- How the flows of this pack speak.
local wording = {}

---@param greeting string
---@param name? string
---@return string
function wording.greeting(greeting, name)
  return greeting .. ", " .. (name or "world") .. "."
end

return wording
)lua";

constexpr const char* kCase = R"json({
  "title": "The greeting is the environment's.",
  "flow": "hello",
  "variables": {"greeting": "Welcome"},
  "event": {"name": "Northwind"},
  "expect": {"outcome": "greeted", "output": {"line": "Welcome, Northwind."}}
}
)json";

// Editors offer the extension; its settings are in .luarc.json.
constexpr const char* kEditor = R"json({
  "recommendations": ["sumneko.lua"]
}
)json";

std::string manifest(const SkeletonPlan& plan) {
    return "{\n"
           "  \"name\": " +
           quote_json(plan.name) + ",\n  \"title\": " + quote_json(plan.title) +
           ",\n  \"version\": \"0.1.0\",\n  \"publisher\": " + quote_json(plan.publisher) +
           ",\n"
           "  \"requires\": {\"engine\": \">=" TIDEWAY_VERSION
           "\", \"packs\": {}},\n"
           "  \"connections\": {},\n"
           "  \"variables\": {\n"
           "    \"greeting\": {\"title\": \"Greeting\", \"type\": \"String\", \"default\": "
           "\"Hello\"}\n"
           "  },\n"
           "  \"order\": [\"hello\"]\n"
           "}\n";
}

std::string readme(const SkeletonPlan& plan) {
    return "# " + plan.title +
           "\n\n"
           "    tideway pack check .     # what is wrong, with line and remedy\n"
           "    tideway pack test .      # the cases in cases/\n"
           "    tideway pack build .     # one file to install\n"
           "    tideway stubs .          # completion for the editor, anew after an update\n";
}

}  // namespace

pack::Files pack_skeleton(const SkeletonPlan& plan) {
    return {
        {"pack.json", manifest(plan)},
        {"hello.lua", kFlow},
        {"lib/wording.lua", kLibrary},
        {"cases/greets.json", kCase},
        {"README.md", readme(plan)},
        {".vscode/extensions.json", kEditor},
        {".gitignore", ".tideway/\n*.pack\n"}};
}

}  // namespace tideway::app
