// The options of a step, the table after its other arguments, and the `secure` that steps and
// triggers share. Thread: that of the VM. All may raise.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/model/secured.h"
#include "engine/script/machine/lua.h"

namespace tideway::script {

// `secure` of the table at `index`; nothing when it is absent. `what` names the step or trigger.
model::Secured secure_field(lua_State* state, int index, const std::string& what);

// nil, or a table with no other fields than `known`. Gives its `secure`.
model::Secured options_argument(
    lua_State* state, int index, const std::string& what, std::span<const std::string_view> known
);

// Of a step whose input is its output: either word keeps both.
model::Secured secure_whole(model::Secured secured);

}  // namespace tideway::script
