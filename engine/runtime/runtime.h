// The runtime of one environment: admission, dispatching to shards, recovery, and what
// administrators do to runs. The server calls it; nothing here knows HTTP.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/threading.h"
#include "engine/runtime/echo/echo_check.h"
#include "engine/runtime/fan_out.h"
#include "engine/runtime/history/pruner.h"
#include "engine/runtime/resubmit/choices.h"
#include "engine/runtime/resubmit/resubmitter.h"
#include "engine/runtime/shard.h"

namespace tideway::runtime {

struct RuntimeDependencies {
    store::Store* store = nullptr;
    FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    const connector::Connections* connections = nullptr;
    const Environment* settings = nullptr;
    connector::TokenCache* tokens = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    CrashPoints* crash_points = nullptr;
    std::string environment;
    std::string public_url;  // of the trigger listener, without a slash at the end
    int shards = 1;
    int reader_threads = 2;  // 0: what runs read is read on the thread of their shard
    std::function<std::unique_ptr<Loop>()> make_loop;  // of a shard; empty: a loop in real time
    MakeClient make_client;                            // of a shard; empty: the real network
    RunLimits run_limits;
    double timer_speed = 1.0;  // of the shards' timers, for a clock that runs as fast
};

// Something that a trigger delivered.
struct Delivery {
    FlowEntry flow;
    std::string source;  // "http_request", "manual", "dataverse.row_changed" ...
    Payload event;
    std::optional<std::string> dedupe_key;  // the connector's own; the flow's dedupe_by wins
    std::optional<Uid> run_uid;             // chosen before, to wait for its response
    std::string person{};                   // who sent it by hand; or empty
    model::Effects effects = model::Effects::kLive;  // of the run that it starts
    // Of a record: the echo of an effect of ours leaves an event with status Dropped, and no run.
    std::optional<RecordChange> change{};
    std::optional<std::string> writer{};  // of an echo; set by Runtime
    model::EventOrigin origin = model::EventOrigin::kBrought;
    model::ChangeName name{};  // of the change, where the trigger knows
};

struct Admitted {
    Uid event_uid;
    model::EventStatus status = model::EventStatus::kAccepted;
    std::string reason;
    std::vector<Uid> runs;  // made now; of a duplicate: the first run
};

// The code with which an event is refused that would have to wait when as many runs wait as the
// concurrency of its trigger allows.
constexpr const char* kLineIsFull = "TooManyWaitingRuns";

// A run that is to be made again, before it has a place in the line of its flow.
struct PreparedRun {
    store::Admit admit;
    std::shared_ptr<LoadedVersion> version;
    std::optional<model::Concurrency> concurrency;
};

// Thread: any, unless said otherwise. Callbacks come on a thread of the runtime: post on.
class Runtime final : private RuntimeLinks {
  public:
    explicit Runtime(RuntimeDependencies dependencies);
    ~Runtime() override;
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    // Starts the shards and takes back every open run. Blocking; once.
    Status start();
    void stop();

    // Durable when `done` is called with a value. A flow that is off leaves a refused event and
    // fails with WorkflowTriggerIsNotEnabled; one whose line is full fails with kLineIsFull.
    void admit(Delivery delivery, std::function<void(Result<Admitted>)> done);

    // Events of one flow that came together: they and `beside` are one commit. When the line is
    // full nothing is taken; events without anything beside them leave refused events.
    void admit_all(
        std::vector<Delivery> deliveries,
        std::vector<store::Command> beside,
        std::function<void(Result<std::vector<Admitted>>)> done
    );

    // A trigger that failed before there was an event; for its history.
    void record_failure(const FlowEntry& flow, std::string source, const Error& error);

    // A refused event, so that it leaves a trace.
    void record_refusal(
        const FlowEntry& flow, std::string source, Payload event, std::string reason
    );

    // `done` once, when the run has responded or ended, or with code "RunNotStored" when it cannot
    // now and goes on once the store works. Register before admit() with its run_uid.
    using Responded = std::function<void(Result<model::RunRecord>)>;
    void wait_for_response(const Uid& run, Responded done);
    void forget_response(const Uid& run);

    // Called for every change of a run's status, on a thread of the runtime. Set before start().
    void on_change(std::function<void(const model::RunRecord&)> listener);

    // The runs that it called are cancelled after it. `done`: the run knows it, or has ended in the
    // store; code "RunEnded" when it had before.
    void cancel(
        model::RunId run,
        std::string reason,
        std::function<void(Status)> done = [](const Status&) {}
    );

    // A run that the engine paused goes on where it was. `done` fails with code "RunNotPaused" when
    // it does not wait for that.
    void resume(const model::RunRecord& run, std::function<void(Status)> done);

    // A new run from the old event; the original stays as it is. Only ended or paused runs.
    void resubmit(
        model::RunRecord original,
        ResubmitChoices choices,
        std::string person,
        std::function<void(Result<Admitted>)> done
    );

    // The same in two parts: what will run, and with what.
    Result<PreparedRun> prepare_again(
        store::Reader& reader,
        const model::RunRecord& original,
        const ResubmitChoices& choices,
        const std::string& person
    ) const;
    // They and `beside` are one commit.
    void admit_again(
        std::vector<PreparedRun> runs,
        std::vector<store::Command> beside,
        std::function<void(Result<std::vector<Admitted>>)> done
    );

    // A run of a flow as it is edited, with the event of an earlier run and every effect muted.
    void try_out(
        model::RunRecord original,
        FlowEntry draft,
        std::string person,
        std::function<void(Result<Admitted>)> done
    );

    // Makes the runs of a stored resubmission, from where it is.
    void go_on_with_resubmission(std::int64_t id) { resubmitter_->go_on(id); }

    void decide(
        model::RunId run,
        std::string path,
        RunSession::Decision decision,
        Payload adopted,
        std::function<void(Status)> done
    );

    // Somebody called the address that a run waits at (wait_for_callback). A call that is taken is
    // durable when `done` is told, and delivered once, whatever the run does now.
    void receive_callback(
        std::string token, Payload payload, std::function<void(Result<store::CallbackFate>)> done
    );

    ReaderPool& readers() { return readers_; }

    ConnectionGate& gate() { return gate_; }

    Brake& brake() { return brake_; }

    Pruner& pruner() { return pruner_; }

  private:
    // RuntimeLinks
    void dispatch(model::RunId run) override;
    void give_up(const Uid& child) override;
    void notify(model::RunId run, const std::string& path) override;
    void notify_parent(const model::RunRecord& child) override;
    void responded(const model::RunRecord& run) override;
    void not_stored(const model::RunRecord& run, const Error& error) override;
    void changed(const model::RunRecord& run) override;
    void ended(const model::RunRecord& run) override;
    Uid lock_holder(const model::RunRecord& run) override;

    Shard& shard_of(model::RunId run);
    void admit_genuine(
        std::vector<Delivery> deliveries,
        std::vector<store::Command> beside,
        std::function<void(Result<std::vector<Admitted>>)> done
    );
    Status recover();
    void cancel_children(const Uid& parent);
    Status cancel_with_its_caller(const model::RunRecord& run);
    void tell_waiting(const Uid& run, Result<model::RunRecord> answer);
    struct Arrivals;
    void record(
        const FlowEntry& flow,
        std::string source,
        model::EventStatus status,
        Payload event,
        std::string reason
    );
    Arrivals arrivals_of(
        const std::vector<Delivery>& deliveries,
        const std::vector<Result<TriggerDecision>>& decisions
    ) const;
    std::vector<store::Admit> decided(
        const Delivery& delivery, const Result<TriggerDecision>& decision
    ) const;
    std::vector<store::Admit> split(const Delivery& delivery, const TriggerDecision& decision)
        const;
    void submit_admission(
        Arrivals arrivals,
        std::vector<store::Command> beside,
        std::function<void(Result<std::vector<Admitted>>)> done
    );
    Admitted take_up(std::span<store::Admit> admits, std::span<const store::Outcome> outcomes);
    void adopt(store::Admit admit, const store::Outcome& outcome);
    void note_waiting(model::RunRecord run, const store::Outcome& outcome);
    using AllAdmitted = std::function<void(Result<std::vector<Admitted>>)>;
    AllAdmitted unless_full(
        const std::vector<Delivery>& deliveries,
        const std::vector<store::Command>& beside,
        AllAdmitted done
    );
    void skip_all(
        const std::vector<Delivery>& deliveries,
        std::vector<store::Command> beside,
        const std::string& reason,
        AllAdmitted done
    );
    store::Admit make_admission(const Delivery& delivery, Payload event, const Uid& run_uid) const;
    store::Admit make_admission(const store::FanOutRow& event, const Payload& item);
    store::Admit make_event(const Delivery& delivery, model::EventStatus status, std::string reason)
        const;
    void go_on_with_fan_out(store::FanOutRow event);
    bool has_room() const;
    std::unique_ptr<Resubmitter> make_resubmitter();

    RuntimeDependencies dependencies_;
    std::string callback_key_;
    bool is_running_ = false;
    ReaderPool readers_;
    ConnectionGate gate_;
    Brake brake_;
    EchoCheck echoes_;
    std::vector<std::unique_ptr<Shard>> shards_;
    Pruner pruner_;                             // on the first shard's loop
    std::unique_ptr<FanOut> fan_out_;           // on the first shard's loop
    std::unique_ptr<Resubmitter> resubmitter_;  // the same
    std::function<void(const model::RunRecord&)> listener_;
    Mutex mutex_;
    std::map<Uid, Responded> waiting_ TIDEWAY_GUARDED_BY(mutex_);
    std::map<Uid, Uid> lock_holders_ TIDEWAY_GUARDED_BY(mutex_);  // run -> top of its call tree
    std::map<Uid, model::RunId> open_runs_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
