#include "engine/script/machine/vm_impl.h"

#include "engine/base/json.h"
#include "engine/script/machine/execution_impl.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {

Result<std::unique_ptr<Vm>> Vm::create(Program program, VmLimits limits) {
    auto vm = std::make_unique<VmImpl>(std::move(program), limits);
    try {
        TIDEWAY_TRY(vm->build());
    } catch (const MachinePanic& error) {
        return fail(ErrorKind::kLimit, "ScriptMemoryExceeded", error.what());
    }
    return std::unique_ptr<Vm>(std::move(vm));
}

std::unique_ptr<Execution> Execution::create(Vm& vm, StepHost& host, RunInfo info) {
    return std::make_unique<ExecutionImpl>(
        static_cast<VmImpl&>(vm).machine(), host, std::move(info)
    );
}

std::size_t VmImpl::memory_bytes() const {
    return machine_.memory().bytes();
}

Error VmImpl::error_of(const model::StepError& error) const {
    Error out;
    out.kind = error.code.starts_with("Script") && error.code.ends_with("Exceeded")
                   ? ErrorKind::kLimit
                   : ErrorKind::kScript;
    out.code = error.code;
    out.message = error.message;
    out.remedy = error.remedy;
    out.details = error.details;
    return out;
}

template <typename Body>
Status VmImpl::declare(Body&& body) {
    if (machine_.is_lost()) {
        return fail(
            ErrorKind::kLimit, "ScriptMachineLost", "The script machine ran out of memory."
        );
    }
    AccountedActivity run(machine_, machine_.limits().trigger_instructions);
    Declaring declaring;
    run.activity.declaring = &declaring;
    const Turn turn(machine_, run.activity);
    lua_State* const state = machine_.state();
    try {
        const int status = protect(state, [&](lua_State* inner) {
            open_environment(inner);
            machine_.push_file(inner, machine_.program().main_file);
            lua_rawgeti(inner, LUA_REGISTRYINDEX, run.activity.environment);
            lua_call(inner, 1, 1);
            body(inner, run.activity);
            return 0;
        });
        if (status != LUA_OK) {
            const Error error = error_of(machine_.take_error(state, run.activity, status));
            lua_settop(state, 0);
            return fail(error);
        }
    } catch (const MachinePanic& error) {
        return fail(ErrorKind::kLimit, "ScriptMachineLost", error.what());
    }
    return {};
}

Result<model::FlowDeclaration> VmImpl::declaration() {
    model::FlowDeclaration out;
    TIDEWAY_TRY(declare([&out](lua_State* state, Activity& /*activity*/) {
        out = read_declaration(state);
    }));
    return out;
}

Result<Payload> VmImpl::call_trigger_function(std::string_view name, const Payload& event) {
    Payload out;
    bool exists = true;
    TIDEWAY_TRY(declare([&](lua_State* state, Activity& activity) {
        push_trigger_function(state, name);
        exists = !lua_isnil(state, -1);
        if (!exists) {
            return;
        }
        activity.phase = Phase::kTrigger;
        if (event.empty()) {
            lua_pushnil(state);
        } else {
            charge_bytes(state, event.size());
            decode_value(state, event.view());
        }
        lua_call(state, 1, 1);
        if (!lua_isnil(state, -1)) {
            out = Payload(encode_value(state, -1));
        }
    }));
    if (!exists) {
        return fail(
            ErrorKind::kNotFound,
            "TriggerFunctionNotFound",
            "The trigger has no function '" + std::string(name) + "'."
        );
    }
    return out;
}

}  // namespace tideway::script
