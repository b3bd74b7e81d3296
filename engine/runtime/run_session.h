// One run in memory: connects its Execution (Lua), its Journal and its operations, in this order:
//   request -> recorded? then the recorded answer : a new row -> output gate -> effect
//   -> result row -> delivery to the branch (DESIGN 3.3, 5.2, 5.5).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/deadlines/scope_deadlines.h"
#include "engine/runtime/history/tracked_values.h"
#include "engine/runtime/journal.h"
#include "engine/runtime/operation_run.h"
#include "engine/runtime/reader_pool.h"
#include "engine/runtime/resubmit/rerun.h"
#include "engine/runtime/run_limits.h"
#include "engine/runtime/session/run_observer.h"
#include "engine/runtime/steps/pending_operation.h"
#include "engine/script/execution.h"
#include "engine/store/store.h"

namespace tideway::runtime {

class FlowCatalog;
struct LoadedVersion;

// The operation's input against its schema; code "OpenApiOperationParameterValidationFailed", the
// message names every field, and its value unless inputs are secured.
Status check_input(
    const model::OperationSpec& operation, const Json& input, model::Secured secured
);

// Everything a session uses; borrowed from the shard.
struct SessionServices {
    store::Store* store = nullptr;
    ReaderPool* readers = nullptr;
    const FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    const connector::Connections* connections = nullptr;
    Brake* brake = nullptr;
    OperationServices operations;
    RunObserver* observer = nullptr;
    std::string environment;
    std::string public_url;    // addresses of callbacks begin with it
    std::string callback_key;  // of the environment: an id of a run alone opens nothing
    RunLimits limits;
};

// Thread: the shard's.
class RunSession final : public script::StepHost, public OperationRun::Listener {
  public:
    RunSession(
        SessionServices& services,
        std::shared_ptr<LoadedVersion> version,
        script::Vm& vm,
        model::RunRecord run,
        Uid lock_holder
    );
    ~RunSession() override;
    RunSession(const RunSession&) = delete;
    RunSession& operator=(const RunSession&) = delete;

    // Starts or replays. `rows` is the durable journal; `rerun`: what it takes from an earlier run.
    void begin(
        const Payload& event, std::vector<model::JournalRow> rows, std::unique_ptr<Rerun> rerun
    );

    // Goes on after its quantum was used up.
    void resume();

    // Something that the branch at `path` waits for may have happened: child, callback, lock.
    void recheck(const std::string& path);

    void cancel(std::string reason) { stop({StopCause::kCancel, std::move(reason)}); }

    // Ends the run when it is older than a run may become.
    void time_out_if_due(Timestamp now);

    Timestamp ends_at() const { return *run_.started + time_limit_; }

    // A person's decision on a parked effect.
    enum class Decision { kAdopt, kRepeat, kSkip };
    Status decide(const std::string& path, Decision decision, Payload adopted);

    const model::RunRecord& record() const { return run_; }

    bool is_preempted() const { return is_preempted_; }

    bool is_idle() const;  // only durable waits: may leave memory

    // script::StepHost
    std::optional<script::Answer> request(const script::StepRequest& request) override;

  private:
    enum class StopCause { kCancel, kTimeLimit, kUnplanned };

    // Why the run ends before its script does: a row of its journal.
    struct Stop {
        StopCause cause = StopCause::kCancel;
        std::string reason;
        std::string step{};  // of kUnplanned: its path
    };

    // A branch that waits for something other than an operation.
    struct Wait {
        script::RequestKind kind = script::RequestKind::kDelay;
        std::string path;
        std::string operation;  // child flow
        Payload input;
        model::Secured secured = model::Secured::kNothing;
        bool is_started = false;
        bool is_asking = false;  // for its lock; asked once at a time
        bool ask_again = false;  // the lock was passed on while we asked
        std::unique_ptr<Timer> timer;
        std::optional<Timestamp> due;
    };

    // --- driving the script (run_session.cpp)
    // Lets the script go on; what it gates meanwhile goes into one batch.
    void take_turn(const std::function<void()>& turn);
    void drive(script::ExecutionState state);
    void go_live();
    void finish(const script::ExecutionState& state);
    void finish_stopped();
    void stop(Stop stop);
    static Stop read_stop(const model::JournalRow& control);
    static model::JournalRow write_stop(const Stop& stop);
    static model::StepError error_of(const Stop& stop);
    bool has_effect_in_flight() const;
    void close_unsent_effects();
    void finish_as(model::Status status, std::string code, model::StepError error, Payload output);
    void diverge(std::string_view path, std::string_view what);
    void pause(std::string code, std::string message, std::string remedy);
    void deliver(const std::string& path, const script::Answer& answer);
    void update_waiting();
    void note_progress();  // a step has ended: deaths before it do not count any more

    // --- answering requests (run_requests.cpp)
    bool is_journal_full(const script::StepRequest& request);
    std::optional<script::Answer> answer_value(const script::StepRequest& request);
    std::optional<script::Answer> answer_track(const script::StepRequest& request);
    std::optional<script::Answer> answer_static(const script::StepRequest& request);
    std::optional<script::Answer> answer_scope(const script::StepRequest& request);
    std::optional<script::Answer> answer_wait(const script::StepRequest& request);
    std::optional<script::Answer> answer_operation(const script::StepRequest& request);
    std::optional<script::Answer> terminate(const script::StepRequest& request);
    script::Answer remember(const script::StepRequest& request, const Payload& value);
    Payload make_value(const script::StepRequest& request);
    bool matches(Journal::Recorded& recorded, const script::StepRequest& request);
    void append_value(const script::StepRequest& request, const Payload& value);
    void remember_outcome(const Payload& said);
    Payload resume(const FoldedLoop& loop);
    model::StepError for_history(model::StepError error) const;

    // --- what an earlier run did (resubmit/run_again.cpp)
    bool takes_over(const script::StepRequest& request);
    std::optional<model::JournalRow> next_taken_over();
    std::optional<Payload> value_taken_over(const script::StepRequest& request) const;
    bool refuses_unplanned(const std::string& path);

    // --- time limits of scopes (deadlines/run_deadlines.cpp)
    std::optional<model::StepError> late(const std::string& path) const;
    void watch_deadlines();
    void end_late_steps();
    void give_up(const std::string& path, const model::StepError& error);

    // --- waits (run_waits.cpp)
    void start_wait(Wait& wait);
    void start_delay(Wait& wait);
    void start_child(Wait& wait);
    void admit_child(const std::string& path, int depth, const Uid& earlier);
    void check_child(const std::string& path);
    void make_callback(const Wait& wait);
    void await_callback(Wait& wait);
    void check_callback(const std::string& path);
    void time_out_callback(
        const std::string& path, const script::Answer& otherwise, const std::string& code
    );
    void close_callback(const script::StepRequest& scope_end);
    void start_lock(Wait& wait);
    void wake(const std::string& path, const script::Answer& answer, std::string code);
    void release_lock(const std::string& path);

    // --- operations (run_operations.cpp; run_connections.cpp, brake/held_effects.cpp and
    // steps/run_underway.cpp: waiting)
    void take_recorded(PendingOperation& pending, const Journal::Recorded& recorded);
    void start_operation(PendingOperation& pending);
    void mute(PendingOperation& pending);  // steps/run_muted.cpp
    void finish_muted(const PendingOperation& pending, const Payload* there);
    void send_after_intent(const std::string& path, std::optional<Timestamp> may_have_left);
    bool is_held(PendingOperation& pending, std::optional<Timestamp> may_have_left);
    void ask_brake_again(PendingOperation& pending);
    void reuse_or_send(const std::string& path, std::vector<model::EffectRecord> earlier);
    void launch(PendingOperation& pending, std::optional<Timestamp> may_have_left);
    Result<OperationStart> resolve(const script::StepRequest& request) const;
    void finish_operation(
        const std::string& path,
        int attempt,
        model::AttemptClass attempt_class,
        const script::Answer& answer,
        std::string code
    );
    void on_attempt(OperationRun&, int, model::AttemptClass, Payload note) override;
    void on_done(OperationRun&, int attempt, connector::Done done) override;
    void on_failed(OperationRun&, int attempt, model::StepError error) override;
    void on_parked(OperationRun&, int attempt, model::StepError error) override;
    void on_connection_wait(OperationRun& run, ConnectionPause pause) override;
    void on_connection_back(OperationRun& run) override;
    void on_underway(OperationRun& run, const UnderwayCall& call) override;
    void on_asking_again(OperationRun& run) override;
    void append_connection_row(
        const PendingOperation& pending, std::string_view code, const ConnectionPause& pause
    );
    static void note_record(PendingOperation& pending, const connector::Done& done);
    PendingOperation* pending_of(const OperationRun& run);

    // --- durability (run_flush.cpp)
    using AfterFlush = std::function<void()>;
    void gate(AfterFlush then);  // everything journaled so far becomes durable, then `then`
    void flush();
    void flush_in_background();
    bool has_unflushed() const;
    void on_flushed(Result<std::vector<store::Outcome>> result);
    void flush_soon();
    const model::JournalRow& append(model::JournalRow row);
    void add_command(store::Command command, std::function<void(const store::Outcome&)> then = {});
    std::function<void()> guarded(std::function<void()> task);

    SessionServices& services_;
    std::shared_ptr<LoadedVersion> version_;
    model::RunRecord run_;
    Uid lock_holder_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<script::Execution> execution_;
    std::map<std::string, Wait, std::less<>> waits_;
    std::map<std::string, std::unique_ptr<PendingOperation>, std::less<>> operations_;
    std::map<std::string, std::string, std::less<>> lock_keys_;  // exclusive's path -> key
    std::vector<std::string> fresh_;  // asked for in replay, in order; go_live() starts them
    std::unique_ptr<Rerun> rerun_;    // null: it does not do an earlier run again
    std::map<std::int64_t, model::JournalRow> taken_over_;  // by the order of the earlier run
    std::set<std::string> secured_paths_;  // steps that keep something from readers
    TrackedValues tracked_;
    Duration time_limit_;  // of the run
    std::unique_ptr<Timer> limit_timer_;
    ScopeDeadlines deadlines_;
    std::deque<std::function<void()>> kept_back_;  // ends of steps while a branch is preempted

    bool is_live_ = false;
    bool is_preempted_ = false;
    bool is_over_ = false;
    bool has_responded_ = false;
    std::string diverged_;  // the reason, once found
    std::optional<Stop> stop_;
    std::optional<script::StepRequest> terminated_;
    std::optional<script::ExecutionState> ending_;  // waits for effects in flight

    // durability
    struct Gate {
        std::int64_t batch = 0;  // passes when this one is durable
        AfterFlush then;
    };

    std::vector<Gate> gates_;
    std::vector<model::EffectRecord> unflushed_effects_;
    std::vector<store::Command> unflushed_commands_;

    struct CommandResult {
        std::size_t index = 0;
        std::function<void(const store::Outcome&)> then;
    };

    std::vector<CommandResult> command_results_;
    std::vector<CommandResult> in_flight_results_;
    bool run_changed_ = false;
    bool is_flushing_ = false;
    std::int64_t batches_ = 0;  // submitted; one is under way at a time
    bool in_turn_ = false;
    bool flush_after_turn_ = false;
    std::unique_ptr<Timer> flush_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace tideway::runtime
