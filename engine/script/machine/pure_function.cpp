#include "engine/script/pure_function.h"

#include <string>
#include <utility>

#include "engine/script/machine/main_file.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

void push_argument(lua_State* state, const Payload& argument) {
    if (argument.empty()) {
        lua_pushnil(state);
        return;
    }
    charge_bytes(state, argument.size());
    decode_value(state, argument.view());
}

class PureFunctionImpl final : public PureFunction {
  public:
    PureFunctionImpl(Program program, VmLimits limits)
        : machine_(std::move(program), limits) {}

    Status build() { return machine_.build(); }

    Result<Payload> call(const std::vector<Payload>& arguments) override {
        Payload out;
        TIDEWAY_TRY(with_main_file(machine_, [&](lua_State* state, Activity& activity) {
            if (lua_type(state, -1) != LUA_TFUNCTION) {
                raise(
                    state, machine_.program().main_file + " must end with: return function(...) end"
                );
            }
            activity.phase = Phase::kTrigger;
            luaL_checkstack(state, static_cast<int>(arguments.size()), "arguments");
            for (const Payload& argument : arguments) {
                push_argument(state, argument);
            }
            lua_call(state, static_cast<int>(arguments.size()), 1);
            if (!lua_isnil(state, -1)) {
                out = Payload(encode_value(state, -1));
            }
        }));
        return out;
    }

    bool is_lost() const override { return machine_.is_lost(); }

  private:
    Machine machine_;
};

}  // namespace

Result<std::unique_ptr<PureFunction>> PureFunction::create(Program program, VmLimits limits) {
    auto function = std::make_unique<PureFunctionImpl>(std::move(program), limits);
    try {
        TIDEWAY_TRY(function->build());
    } catch (const MachinePanic& error) {
        return fail(ErrorKind::kLimit, "ScriptMemoryExceeded", error.what());
    }
    return std::unique_ptr<PureFunction>(std::move(function));
}

}  // namespace tideway::script
