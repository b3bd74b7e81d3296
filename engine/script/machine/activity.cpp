#include "engine/script/machine/activity.h"

#include "engine/script/machine/machine.h"

namespace tideway::script {
namespace {

// How often the meter looks. The smallest quantum and the grain of every budget.
constexpr int kTick = 1000;

// How many bytes a C function touches in the time of one Lua instruction, roughly and to its
// disadvantage.
constexpr std::size_t kBytesPerInstruction = 16;

// A refused allocation has cost a full collection of the VM.
constexpr std::int64_t kRefusalInstructions = 100'000;

const char kStopMark = 0;

void add(Activity& activity, std::int64_t instructions) {
    activity.used += instructions;
    activity.slice += instructions;
    if (activity.used > activity.budget && activity.stop == Stop::kNone) {
        activity.stop = Stop::kBudget;
    }
}

void tick(lua_State* state, lua_Debug* /*event*/) {
    Machine& machine = machine_of(state);
    Activity* const activity = machine.current();
    if (activity == nullptr) {
        return;
    }
    const auto refusals = static_cast<std::int64_t>(machine.memory().take_refusals());
    add(*activity, kTick + refusals * kRefusalInstructions);
    if (activity->stop != Stop::kNone) {
        raise_stop(state);
    }
    if (activity->slice >= activity->quantum && lua_isyieldable(state) != 0) {
        activity->preempted = true;
        lua_yield(state, 0);
    }
}

}  // namespace

Machine& machine_of(lua_State* state) {
    return **static_cast<Machine**>(lua_getextraspace(state));
}

Activity& activity_of(lua_State* state) {
    Activity* const activity = machine_of(state).current();
    TIDEWAY_ASSERT(activity != nullptr);
    return *activity;
}

void charge(lua_State* state, std::int64_t instructions) {
    Activity& activity = activity_of(state);
    add(activity, instructions);
    check_stop(state);
}

void charge_bytes(lua_State* state, std::size_t bytes) {
    charge(state, static_cast<std::int64_t>(bytes / kBytesPerInstruction));
}

void raise_stop(lua_State* state) {
    lua_pushlightuserdata(state, const_cast<char*>(&kStopMark));
    lua_error(state);
    std::terminate();  // lua_error does not return
}

void check_stop(lua_State* state) {
    if (activity_of(state).stop != Stop::kNone) {
        raise_stop(state);
    }
}

void note_status(lua_State* state, int status) {
    if (status != LUA_ERRMEM) {
        return;
    }
    Machine& machine = machine_of(state);
    const bool own = machine.memory().last_refusal() == Memory::Refusal::kRun;
    if (!own) {
        machine.lose();
    }
    Activity* const activity = machine.current();
    if (activity != nullptr && activity->stop == Stop::kNone) {
        activity->stop = own ? Stop::kMemory : Stop::kVmLost;
    }
}

void arm_hook(lua_State* state) {
    lua_sethook(state, &tick, LUA_MASKCOUNT, kTick);
}

}  // namespace tideway::script
