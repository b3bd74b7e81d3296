#include "engine/script/machine/execution_impl.h"

#include <algorithm>

#include "engine/model/step_path.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// What a request costs beside its bytes, so that loops over requests meet the budget.
constexpr std::int64_t kRequestInstructions = 200;

int encode_result(lua_State* state) {
    auto& out = *static_cast<Payload*>(lua_touserdata(state, 2));
    if (!lua_isnil(state, 1)) {
        out = Payload(encode_value(state, 1));
    }
    return 0;
}

bool may_answer_at_once(RequestKind kind) {
    return kind == RequestKind::kNow || kind == RequestKind::kUuid ||
           kind == RequestKind::kRandom || kind == RequestKind::kEnv || kind == RequestKind::kLog;
}

}  // namespace

ExecutionImpl::ExecutionImpl(Machine& machine, StepHost& host, RunInfo info)
    : machine_(machine),
      host_(host),
      info_(std::move(info)),
      run_(machine, machine.limits().run_instructions) {
    run_.activity.execution = this;
    run_.activity.phase = Phase::kLoading;
}

ExecutionImpl::~ExecutionImpl() {
    for (const auto& branch : branches_) {
        release(*branch);
    }
}

// --- what the host calls ---

ExecutionState ExecutionImpl::start(const Payload& event) {
    if (machine_.is_lost()) {
        end(End::kVmLost);
        return state();
    }
    {
        const Turn turn(machine_, run_.activity);
        const int status =
            protect(machine_.state(), [&](lua_State* state) { return prepare(state, event); });
        if (status != LUA_OK) {
            error_ = machine_.take_error(machine_.state(), run_.activity, status);
            end(machine_.is_lost() ? End::kVmLost : End::kFailed);
            return state();
        }
    }
    return drive();
}

Execution::Delivery ExecutionImpl::deliver(std::string_view path, const Answer& answer) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [path](const Branch* branch) {
        return branch->waits_at == path;
    });
    if (found == waiting_.end()) {
        return {false, state()};
    }
    Branch* const branch = *found;
    waiting_.erase(found);
    branch->answer = answer;
    ready_.push_back(branch);
    run_.activity.used = 0;
    return {true, drive()};
}

ExecutionState ExecutionImpl::resume() {
    return drive();
}

void ExecutionImpl::stop() {
    if (end_ == End::kOpen) {
        run_.activity.stop = Stop::kHost;
        end(End::kStopped);
    }
}

std::vector<std::string> ExecutionImpl::waiting() const {
    std::vector<std::string> out;
    for (const Branch* branch : waiting_) {
        out.push_back(branch->waits_at);
    }
    return out;
}

// --- scheduling ---

// Leaves structure.start, the file, the environment and the event on a new thread.
int ExecutionImpl::prepare(lua_State* state, const Payload& event) {
    open_environment(state);
    Branch& main = spawn(state, nullptr);
    lua_State* const thread = main.thread;
    luaL_checkstack(thread, 8, "start");
    lua_rawgeti(thread, LUA_REGISTRYINDEX, machine_.structure);
    lua_getfield(thread, -1, "start");
    lua_remove(thread, -2);
    machine_.push_file(thread, machine_.program().main_file);
    lua_rawgeti(thread, LUA_REGISTRYINDEX, run_.activity.environment);
    push_run_info(thread);
    lua_setfield(thread, -2, "run_info");
    // Decoded on the protected state: an error must not pass through the unprotected thread.
    if (event.empty()) {
        lua_pushnil(state);
    } else {
        decode_value(state, event.view());
    }
    lua_xmove(state, thread, 1);
    main.arguments = 3;
    main.frames.emplace_back();
    ready_.push_back(&main);
    return 0;
}

void ExecutionImpl::push_run_info(lua_State* state) {
    lua_createtable(state, 0, 6);
    const auto set = [state](const char* name, const std::string& text) {
        if (!text.empty()) {
            push(state, text);
            lua_setfield(state, -2, name);
        }
    };
    set("id", info_.id);
    set("resubmit_of", info_.resubmit_of);
    set("started_by", info_.started_by);
    set("version", info_.version);
    set("flow", info_.flow);
    set("environment", info_.environment);
}

ExecutionState ExecutionImpl::drive() {
    if (end_ == End::kOpen && machine_.is_lost()) {
        end(End::kVmLost);
    }
    if (end_ != End::kOpen) {
        return state();
    }
    const Turn turn(machine_, run_.activity);
    run_.activity.slice = 0;
    try {
        run_ready();
    } catch (const MachinePanic&) {
        end(End::kVmLost);
    }
    return state();
}

void ExecutionImpl::run_ready() {
    while (end_ == End::kOpen) {
        Branch* next = std::exchange(preempted_, nullptr);
        if (next == nullptr) {
            if (ready_.empty()) {
                return;
            }
            next = ready_.front();
            ready_.pop_front();
        }
        resume_branch(*next);
        if (preempted_ != nullptr) {
            return;
        }
    }
}

void ExecutionImpl::resume_branch(Branch& branch) {
    executing_ = &branch;
    int results = 0;
    const int status =
        lua_resume(branch.thread, nullptr, std::exchange(branch.arguments, 0), &results);
    executing_ = nullptr;
    note_status(branch.thread, status);
    if (run_.activity.stop != Stop::kNone || (status != LUA_OK && status != LUA_YIELD)) {
        return fail(branch, status);
    }
    if (status == LUA_OK) {
        return branch.parent == nullptr ? finish_main(branch) : finish_branch(branch);
    }
    if (std::exchange(run_.activity.preempted, false)) {
        preempted_ = &branch;
    }
}

void ExecutionImpl::fail(Branch& branch, int status) {
    if (run_.activity.stop == Stop::kHost) {
        return end(End::kStopped);
    }
    if (run_.activity.stop == Stop::kVmLost) {
        return end(End::kVmLost);
    }
    lua_State* const state = machine_.state();
    lua_xmove(branch.thread, state, 1);
    error_ = machine_.take_error(state, run_.activity, status);
    lua_settop(state, 0);
    end(machine_.is_lost() ? End::kVmLost : End::kFailed);
}

void ExecutionImpl::finish_main(Branch& branch) {
    lua_State* const state = machine_.state();
    lua_settop(branch.thread, 1);
    lua_pushcfunction(state, &guarded<encode_result>);
    lua_xmove(branch.thread, state, 1);
    lua_pushlightuserdata(state, &value_);
    const int status = lua_pcall(state, 2, 0, 0);
    if (status != LUA_OK) {
        error_ = machine_.take_error(state, run_.activity, status);
        return end(machine_.is_lost() ? End::kVmLost : End::kFailed);
    }
    end(End::kReturned);
}

// The next item of the fork takes the place of the branch that has ended; behind the last one the
// parent goes on. Nothing new begins in a scope whose time is up.
void ExecutionImpl::finish_branch(Branch& branch) {
    Branch& parent = *branch.parent;
    const std::string leaving = std::move(branch.leaving);
    release(branch);
    branches_.erase(std::find_if(branches_.begin(), branches_.end(), [&branch](const auto& each) {
        return each.get() == &branch;
    }));
    Fork& fork = *parent.fork;
    --fork.running;
    if (!leaving.empty()) {
        fork.next = fork.count + 1;
        // The outer one, where branches leave different scopes.
        if (parent.leaving.empty() || leaving.size() < parent.leaving.size()) {
            parent.leaving = leaving;
        }
    }
    if (fork.next > fork.count) {
        if (fork.running == 0) {
            ready_.push_back(&parent);
        }
        return;
    }
    const int status = protect(machine_.state(), [&](lua_State* state) {
        spawn_next(state, parent);
        return 0;
    });
    if (status != LUA_OK) {
        error_ = machine_.take_error(machine_.state(), run_.activity, status);
        end(machine_.is_lost() ? End::kVmLost : End::kFailed);
    }
}

Branch& ExecutionImpl::spawn(lua_State* state, Branch* parent) {
    auto branch = std::make_unique<Branch>();
    branch->thread = lua_newthread(state);
    branch->reference = luaL_ref(state, LUA_REGISTRYINDEX);
    branch->parent = parent;
    branches_.push_back(std::move(branch));
    return *branches_.back();
}

void ExecutionImpl::spawn_next(lua_State* state, Branch& parent) {
    Branch& branch = spawn(state, &parent);
    Frame start;
    start.path = parent.frames.back().path;
    start.name = parent.frames.back().name;
    branch.frames.push_back(std::move(start));
    branch.depth = parent.depth + static_cast<int>(parent.frames.size()) - 1;
    lua_rawgeti(branch.thread, LUA_REGISTRYINDEX, parent.fork->function);
    lua_pushinteger(branch.thread, parent.fork->next++);
    branch.arguments = 1;
    ++parent.fork->running;
    ready_.push_back(&branch);
}

void ExecutionImpl::release(Branch& branch) {
    luaL_unref(machine_.state(), LUA_REGISTRYINDEX, std::exchange(branch.reference, LUA_NOREF));
    if (branch.fork) {
        luaL_unref(machine_.state(), LUA_REGISTRYINDEX, branch.fork->function);
        branch.fork.reset();
    }
}

// Branches are dropped, not closed: no script has anything that runs at the end (no __close, no
// __gc), and suspended threads hold no C++ frames.
void ExecutionImpl::end(End end) {
    end_ = end;
    for (const auto& branch : branches_) {
        release(*branch);
    }
    branches_.clear();
    ready_.clear();
    waiting_.clear();
    preempted_ = nullptr;
}

ExecutionState ExecutionImpl::state() const {
    using Kind = ExecutionState::Kind;
    switch (end_) {
        case End::kReturned:
            return {Kind::kReturned, value_, {}};
        case End::kFailed:
            return {Kind::kFailed, {}, error_};
        case End::kStopped:
            return {Kind::kStopped, {}, {}};
        case End::kVmLost:
            return {Kind::kVmLost, {}, {}};
        case End::kOpen:
            break;
    }
    return {preempted_ != nullptr ? Kind::kPreempted : Kind::kWaiting, {}, {}};
}

// --- what the script's functions call ---

StepRequest ExecutionImpl::request(lua_State* state, RequestKind kind, std::string_view name) {
    charge(state, kRequestInstructions);
    Frame& frame = branch().frames.back();
    auto count = frame.counts.find(name);
    if (count == frame.counts.end()) {
        count = frame.counts.emplace(name, 0).first;
    }
    StepRequest out;
    out.kind = kind;
    out.name = name;
    out.line = script_line(state, machine_.program().main_file);
    const std::string segment = model::print_segment({out.name, ++count->second, 0});
    out.path = frame.path.empty() ? segment : frame.path + "/" + segment;
    return out;
}

int ExecutionImpl::ask(lua_State* state, const StepRequest& request, lua_KFunction next) {
    check_stop(state);
    charge_bytes(state, request.input.size());
    const bool yieldable = lua_isyieldable(state) != 0;
    if (!yieldable && !may_answer_at_once(request.kind)) {
        raise(state, "a step cannot be called from inside a sort, gsub or metatable function");
    }
    Branch& asking = branch();
    asking.secrets =
        request.kind == RequestKind::kEnv ? SecretHandles::kDecode : SecretHandles::kPlain;
    asking.waits_at = request.path;
    std::optional<Answer> answer = host_.request(request);
    if (answer) {
        asking.answer = std::move(*answer);
        return next(state, LUA_OK, 0);
    }
    if (!yieldable) {
        raise(
            state, "this value is not known yet, and a sort, gsub or metatable function cannot wait"
        );
    }
    waiting_.push_back(&asking);
    asking.next = next;
    return kSuspended;
}

void ExecutionImpl::take_answer(lua_State* state) {
    Branch& asking = branch();
    const Answer answer = std::move(asking.answer);
    asking.answer = Answer();
    switch (answer.kind) {
        case Answer::Kind::kStop:
            run_.activity.stop = Stop::kHost;
            raise_stop(state);
        case Answer::Kind::kRaise: {
            model::StepError error = answer.error;
            if (error.step.empty()) {
                error.step = asking.waits_at;
            }
            asking.leaving = error.scope;
            raise_error(state, error);
        }
        case Answer::Kind::kValue:
            break;
    }
    if (answer.value.empty()) {
        return lua_pushnil(state);
    }
    charge_bytes(state, answer.value.size());
    decode_value(state, answer.value.view(), asking.secrets);
}

int ExecutionImpl::fork(
    lua_State* state, lua_Integer count, lua_Integer concurrency, lua_KFunction next
) {
    Branch& parent = branch();
    parent.fork.emplace();
    parent.fork->count = count;
    parent.fork->function = luaL_ref(state, LUA_REGISTRYINDEX);
    while (parent.fork->running < std::min(count, concurrency)) {
        spawn_next(state, parent);
    }
    parent.next = next;
    return kSuspended;
}

void ExecutionImpl::finish_fork() {
    Branch& parent = branch();
    luaL_unref(machine_.state(), LUA_REGISTRYINDEX, parent.fork->function);
    parent.fork.reset();
}

bool is_leaving(lua_State* state) {
    ExecutionImpl* const execution = activity_of(state).execution;
    return execution != nullptr && !execution->branch().leaving.empty();
}

int suspend(lua_State* state) {
    return lua_yieldk(state, 0, 0, activity_of(state).execution->continuation());
}

ExecutionImpl& execution_of(lua_State* state, std::string_view function) {
    const Activity& activity = activity_of(state);
    if (activity.execution == nullptr || activity.phase != Phase::kRunning) {
        raise(state, std::string(function) + " works only inside run");
    }
    return *activity.execution;
}

}  // namespace tideway::script
