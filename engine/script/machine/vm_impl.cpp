#include "engine/script/machine/vm_impl.h"

#include "engine/base/json.h"
#include "engine/script/machine/execution_impl.h"
#include "engine/script/machine/main_file.h"
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

Result<model::FlowDeclaration> VmImpl::declaration() {
    model::FlowDeclaration out;
    TIDEWAY_TRY(with_main_file(machine_, [&out](lua_State* state, Activity& /*activity*/) {
        out = read_declaration(state);
    }));
    return out;
}

Result<Payload> VmImpl::call_trigger_function(std::string_view name, const Payload& event) {
    Payload out;
    bool exists = true;
    TIDEWAY_TRY(with_main_file(machine_, [&](lua_State* state, Activity& activity) {
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
