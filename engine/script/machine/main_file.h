// Executing the main file of a machine outside every run.
#pragma once

#include <utility>

#include "engine/script/machine/declaring.h"
#include "engine/script/machine/machine.h"

namespace tideway::script {

// As it reaches those who asked for a value and not for a run.
Error error_of(const model::StepError& error);

// Executes the text of the main file under the small budget, and then `body(state, activity)`,
// which finds the file's value on top of the stack.
template <typename Body>
Status with_main_file(Machine& machine, Body&& body) {
    if (machine.is_lost()) {
        return fail(
            ErrorKind::kLimit, "ScriptMachineLost", "The script machine ran out of memory."
        );
    }
    AccountedActivity run(machine, machine.limits().trigger_instructions);
    Declaring declaring;
    run.activity.declaring = &declaring;
    const Turn turn(machine, run.activity);
    lua_State* const state = machine.state();
    try {
        const int status = protect(state, [&](lua_State* inner) {
            open_environment(inner);
            machine.push_file(inner, machine.program().main_file);
            lua_rawgeti(inner, LUA_REGISTRYINDEX, run.activity.environment);
            lua_call(inner, 1, 1);
            body(inner, run.activity);
            return 0;
        });
        if (status != LUA_OK) {
            const Error error = error_of(machine.take_error(state, run.activity, status));
            lua_settop(state, 0);
            return fail(error);
        }
    } catch (const MachinePanic& error) {
        return fail(ErrorKind::kLimit, "ScriptMachineLost", error.what());
    }
    return {};
}

}  // namespace tideway::script
