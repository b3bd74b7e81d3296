// The options of a step, the table after its other arguments: `static_result`, and the `secure`
// that steps and triggers share. Thread: that of the VM. All may raise.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/model/secured.h"
#include "engine/script/machine/lua.h"
#include "engine/script/step_host.h"

namespace tideway::script {

// `secure` of the table at `index`; nothing when it is absent. `what` names the step or trigger.
model::Secured secure_field(lua_State* state, int index, const std::string& what);

// nil, or a table with no other fields than `known`. Gives its `secure`.
model::Secured options_argument(
    lua_State* state, int index, const std::string& what, std::span<const std::string_view> known
);

// `static_result` of the options at `index`; nothing when it is absent or false. `output_schema`:
// of the operation, or null.
std::optional<StaticResult> static_result_field(
    lua_State* state, int index, const std::string& what, const Json* output_schema = nullptr
);

// `timeout` of the options at `index`, a duration or seconds; nothing when it is absent.
std::optional<Duration> timeout_field(lua_State* state, int index, const std::string& what);

// Of a step whose input is its output: either word keeps both.
model::Secured secure_whole(model::Secured secured);

}  // namespace tideway::script
