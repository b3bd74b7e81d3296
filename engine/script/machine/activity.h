// What executes in a VM right now, on whose account, and how much more it may: the meter that ends
// scripts which would never end by themselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/payload.h"
#include "engine/script/machine/lua.h"
#include "engine/script/machine/memory.h"

namespace tideway::script {

class ExecutionImpl;
class Machine;
struct Declaring;

// Why nothing of a run executes any more. Sticky: no script catches it.
enum class Stop { kNone, kHost, kBudget, kMemory, kVmLost };

enum class Phase {
    kDeclaring,  // the file's own text, without a run: steps raise, env gives a placeholder
    kTrigger,    // a trigger function: steps and env raise
    kLoading,    // the file's own text at the start of a run: steps raise
    kRunning,    // run(event)
};

// Thread: that of the VM. Units: Lua instructions.
struct Activity {
    Account* account = nullptr;
    Phase phase = Phase::kDeclaring;
    Stop stop = Stop::kNone;
    std::int64_t used = 0;    // since the last wait
    std::int64_t budget = 0;  // stop when met
    std::int64_t slice = 0;   // since the branch got its turn
    std::int64_t quantum = 0;
    bool preempted = false;              // the hook has just yielded
    ExecutionImpl* execution = nullptr;  // null without a run
    Declaring* declaring = nullptr;      // what the flow says of itself; null in a run
    int environment = LUA_NOREF;         // registry: the environment of the file and its libraries
    int modules = LUA_NOREF;             // registry: what require has loaded
};

// The machine that `state` belongs to. Never null.
Machine& machine_of(lua_State* state);

// What executes now. Asserts that something does.
Activity& activity_of(lua_State* state);

// Adds the cost of work that runs inside one C call, before it runs. Raises when the budget is met.
void charge(lua_State* state, std::int64_t instructions);

// Charges for touching `bytes`.
void charge_bytes(lua_State* state, std::size_t bytes);

// Raises the uncatchable error. Call it wherever a script might go on although it was stopped.
[[noreturn]] void raise_stop(lua_State* state);

// Raises when the run is stopped.
void check_stop(lua_State* state);

// The branch that executes is on its way out of a scope whose time limit has run out: only the
// scopes on this way catch what it raises.
bool is_leaving(lua_State* state);

// To be called with the status of every protected call that ran script code: memory that ran out
// stops the run (or ends the VM).
void note_status(lua_State* state, int status);

// Arms the count hook; threads made from `state` inherit it.
void arm_hook(lua_State* state);

}  // namespace tideway::script
