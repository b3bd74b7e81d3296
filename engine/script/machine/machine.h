// The Lua state behind a Vm: allocator, compiled files, base environment, and what executes in it
// now.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/assert.h"
#include "engine/base/result.h"
#include "engine/model/journal_row.h"
#include "engine/script/machine/activity.h"
#include "engine/script/machine/memory.h"
#include "engine/script/vm.h"

namespace tideway::script {

// Thrown by the panic handler: an error outside every protected call. The VM is lost.
class MachinePanic final : public std::exception {
  public:
    const char* what() const noexcept override { return "the Lua machine panicked"; }
};

// Thread: that of the VM.
class Machine {
  public:
    Machine(Program program, VmLimits limits);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Builds the environment and compiles every file. Nothing else may be called before.
    Status build();

    lua_State* state() { return state_; }

    Memory& memory() { return memory_; }

    const Program& program() const { return program_; }

    const VmLimits& limits() const { return limits_; }

    Activity* current() { return current_; }

    bool is_lost() const { return lost_; }

    void lose() { lost_ = true; }

    // Registry references, set by build().
    int base_metatable = LUA_NOREF;  // of every run's environment
    int structure = LUA_NOREF;       // the table that scripts/tideway/structure.lua returns

    // Pushes a new environment. Raises.
    void push_environment(lua_State* state);

    // Pushes the compiled file, to be called with an environment; false: no such file.
    bool push_file(lua_State* state, std::string_view path);

    // What a failed protected call left on top of `state` (popped), or why it was stopped.
    model::StepError take_error(lua_State* state, const Activity& activity, int status);

  private:
    friend class Turn;

    std::optional<model::StepError> limit_met(const Activity& activity) const;
    Status compile(const std::string& path, const std::string& text);

    Program program_;
    VmLimits limits_;
    Memory memory_;
    Account* account_;  // of what belongs to no run
    lua_State* state_ = nullptr;
    Activity* current_ = nullptr;
    bool lost_ = false;
    std::map<std::string, int, std::less<>> files_;  // path -> registry reference of its function
};

// While it lives, `activity` executes and pays.
class Turn {
  public:
    Turn(Machine& machine, Activity& activity)
        : machine_(machine),
          activity_before_(machine.current_),
          account_before_(machine.memory_.charge_to(activity.account)) {
        machine_.current_ = &activity;
    }

    ~Turn() {
        machine_.current_ = activity_before_;
        machine_.memory_.charge_to(account_before_);
    }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    Machine& machine_;
    Activity* activity_before_;
    Account* account_before_;
};

// An activity with an account of its own, closed at the end.
class AccountedActivity {
  public:
    AccountedActivity(Machine& machine, std::int64_t budget)
        : machine_(machine) {
        activity.account = machine.memory().open_account(machine.limits().run_bytes);
        activity.budget = budget;
        activity.quantum = machine.limits().quantum;
    }

    // The registry references go back first: nothing of the activity stays reachable.
    ~AccountedActivity() {
        luaL_unref(machine_.state(), LUA_REGISTRYINDEX, activity.environment);
        luaL_unref(machine_.state(), LUA_REGISTRYINDEX, activity.modules);
        machine_.memory().close_account(activity.account);
    }

    AccountedActivity(const AccountedActivity&) = delete;
    AccountedActivity& operator=(const AccountedActivity&) = delete;

    Activity activity;

  private:
    Machine& machine_;
};

// Gives the activity that executes its environment and its module table. Raises.
void open_environment(lua_State* state);

}  // namespace tideway::script
