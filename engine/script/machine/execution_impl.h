// The scheduler of one run: its branches are Lua threads, resumed one at a time in an order that
// only the answers decide.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/script/execution.h"
#include "engine/script/machine/machine.h"
#include "engine/script/value_codec.h"

namespace tideway::script {

// A scope that a branch is in.
struct Frame {
    std::string path;
    std::string name;
    std::string kind;  // as StepRequest::operation of its begin
    int line = 0;
    std::map<std::string, int, std::less<>> counts;  // name -> how often it came so far
};

struct Branch;

// The branches that a branch waits for.
struct Fork {
    int function = LUA_NOREF;  // registry: called with 1..count, each in a branch of its own
    lua_Integer count = 0;
    lua_Integer next = 1;
    lua_Integer running = 0;
};

struct Branch {
    lua_State* thread = nullptr;
    int reference = LUA_NOREF;  // registry: keeps the thread
    Branch* parent = nullptr;
    int arguments = 0;          // for its next resumption
    int depth = 0;              // scopes of its parents
    std::vector<Frame> frames;  // the first is where it started
    std::optional<Frame> entering;
    std::optional<Fork> fork;
    std::string waits_at;          // path of its last request
    lua_KFunction next = nullptr;  // what it goes on with after a wait
    Answer answer;
    SecretHandles secrets = SecretHandles::kPlain;  // of that answer
    std::string leaving;  // path of the scope that it leaves because its time is up; empty: none
};

class ExecutionImpl final : public Execution {
  public:
    ExecutionImpl(Machine& machine, StepHost& host, RunInfo info);
    ~ExecutionImpl() override;

    ExecutionState start(const Payload& event) override;
    Delivery deliver(std::string_view path, const Answer& answer) override;
    ExecutionState resume() override;
    void stop() override;
    std::vector<std::string> waiting() const override;

    std::size_t memory_bytes() const override { return run_.activity.account->bytes; }

    // --- for functions called by the script, in the branch that executes ---
    Branch& branch() { return *executing_; }

    lua_KFunction continuation() const { return executing_->next; }

    const RunInfo& info() const { return info_; }

    // A request with the next path of `name` in the branch's scope, and the line of the call.
    StepRequest request(lua_State* state, RequestKind kind, std::string_view name);

    // Sends it. Then, or when the answer is delivered, `next` goes on; it calls take_answer.
    int ask(lua_State* state, const StepRequest& request, lua_KFunction next);

    // Pushes the answer's value, or raises.
    void take_answer(lua_State* state);

    // Suspends the branch until `count` branches have called the function on top of the stack.
    int fork(lua_State* state, lua_Integer count, lua_Integer concurrency, lua_KFunction next);
    void finish_fork();  // in `next`

  private:
    enum class End { kOpen, kReturned, kFailed, kStopped, kVmLost };

    ExecutionState drive();
    void run_ready();
    void resume_branch(Branch& branch);
    void finish_branch(Branch& branch);
    void finish_main(Branch& branch);
    void fail(Branch& branch, int status);
    void end(End end);
    ExecutionState state() const;
    int prepare(lua_State* state, const Payload& event);
    void push_run_info(lua_State* state);
    Branch& spawn(lua_State* state, Branch* parent);
    void spawn_next(lua_State* state, Branch& parent);
    void release(Branch& branch);

    Machine& machine_;
    StepHost& host_;
    RunInfo info_;
    AccountedActivity run_;
    std::vector<std::unique_ptr<Branch>> branches_;
    std::deque<Branch*> ready_;
    std::vector<Branch*> waiting_;
    Branch* executing_ = nullptr;
    Branch* preempted_ = nullptr;
    End end_ = End::kOpen;
    Payload value_;
    model::StepError error_;
};

// The run that executes. Raises "only inside run" where there is none.
ExecutionImpl& execution_of(lua_State* state, std::string_view function);

}  // namespace tideway::script
