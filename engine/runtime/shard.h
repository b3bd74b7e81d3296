// One thread that owns its Lua VMs, its runs and its outbound HTTP. A run belongs to one shard from
// claim to release.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "engine/base/loop.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/run_session.h"
#include "engine/runtime/triggers/trigger_decision.h"

namespace tideway::runtime {

// What shards tell each other and the front. Implemented by Runtime. Thread: any.
class RuntimeLinks {
  public:
    virtual ~RuntimeLinks() = default;
    virtual void dispatch(model::RunId run) = 0;  // load it in its shard
    virtual void give_up(const Uid& child) = 0;   // cancel it: its caller does not wait any more
    // Something that this run waits for at `path` may have happened.
    virtual void notify(model::RunId run, const std::string& path) = 0;
    virtual void notify_parent(const model::RunRecord& child) = 0;
    virtual void responded(const model::RunRecord& run) = 0;
    virtual void not_stored(const model::RunRecord& run, const Error& error) = 0;
    virtual void changed(const model::RunRecord& run) = 0;  // for live views
    virtual void ended(const model::RunRecord& run) = 0;
    virtual Uid lock_holder(const model::RunRecord& run) = 0;  // top of its call tree
};

using MakeClient = std::function<std::unique_ptr<http::Client>(Loop&, http::ClientOptions)>;

struct ShardServices {
    store::Store* store = nullptr;
    ReaderPool* readers = nullptr;
    FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    const connector::Connections* connections = nullptr;
    connector::TokenCache* tokens = nullptr;
    ConnectionGate* gate = nullptr;
    Brake* brake = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    RuntimeLinks* links = nullptr;
    CrashPoints* crash_points = nullptr;
    std::string environment;
    std::string public_url;
    std::string callback_key;
    std::function<std::unique_ptr<Loop>()> make_loop;  // empty: a loop in real time
    MakeClient make_client;                            // empty: the real network
    double timer_speed = 1.0;                          // base/loop.h
    RunLimits run_limits;
};

// Thread: the public functions from any; everything else on its own.
class Shard final : private RunObserver {
  public:
    explicit Shard(ShardServices services);
    ~Shard() override;
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void start();
    void stop();  // sessions are dropped as they are; they replay at the next start

    // A run that was admitted just now by this process.
    void adopt(model::RunRecord run, Payload event);

    enum class Cause { kWakeUp, kAfterDeath };
    // A run from the store.
    void load(model::RunId run, Cause cause);

    void notify(model::RunId run, std::string path);
    void cancel(model::RunId run, std::string reason, std::function<void(Status)> done);
    void decide(
        model::RunId run,
        std::string path,
        RunSession::Decision decision,
        Payload adopted,
        std::function<void(Status)> done
    );

    // Runs the trigger's functions under the small budget, event by event; `done` is called on the
    // shard.
    void evaluate_trigger(
        std::shared_ptr<LoadedVersion> version,
        std::vector<Payload> events,
        std::function<void(std::vector<Result<TriggerDecision>>)> done
    );

    // Which runs of its flow a run with this event goes with. Thread: the shard's.
    Result<RunKeys> keys_of(const LoadedVersion& version, const Payload& event);

    Loop& loop() { return loop_; }

    // About how many runs are in memory. Thread: any.
    std::size_t runs_in_memory() const { return runs_in_memory_; }

    Executor& executor() { return executor_; }

  private:
    struct Entry {
        std::shared_ptr<script::Vm> vm;  // destroyed after the session that executes in it
        std::unique_ptr<RunSession> session;
        bool was_idle = false;
    };

    Result<std::shared_ptr<script::Vm>> vm_of(const LoadedVersion& version);

    struct Loaded {
        model::RunRecord run;
        Payload event;
        std::vector<model::JournalRow> rows;
        std::shared_ptr<const Origin> origin;  // of a run that needs one
    };

    void begin(Loaded loaded);
    std::unique_ptr<Rerun> make_rerun(const Loaded& loaded, const LoadedVersion& version) const;
    void begin_claimed(model::RunId run, std::int64_t epoch);
    void refuse(const model::RunRecord& run, const Error& error);
    void drop(model::RunId run);
    void forget_session(model::RunId run);
    void cancel_if_asked(model::RunId run);
    void announce_end(model::RunId run);
    void sweep();
    void evict(model::RunId run);
    bool is_full() const;
    void claim(model::RunId run, Cause cause);
    void enqueue(model::RunId run, Cause cause);
    void take_from_queue();

    // RunObserver
    void on_child_admitted(model::RunId child) override;
    void on_child_given_up(const Uid& child) override;
    void on_response(const model::RunRecord& run) override;
    void on_ended(const model::RunRecord& run) override;
    void on_lock_granted(model::RunId run, const std::string& path) override;
    void on_turn(model::RunId run) override;
    void on_released(model::RunId run) override;
    void on_must_reload(model::RunId run, Duration delay) override;
    void on_vm_lost(model::RunId run) override;
    void on_not_stored(const model::RunRecord& run, const Error& error) override;
    void on_progress(const model::RunRecord& run) override;

    ShardServices services_;
    std::unique_ptr<Loop> owned_loop_;
    Loop& loop_;
    FastTimers executor_;  // what runs wait with; the network keeps to the world's time
    std::unique_ptr<http::Client> client_;
    connector::Authorizer authorizer_;
    SessionServices session_services_;
    std::mt19937_64 random_;
    std::map<model::VersionId, std::shared_ptr<script::Vm>> vms_;
    int vms_lost_ = 0;  // less runs that ended since
    std::map<model::RunId, Entry> entries_;
    std::atomic<std::size_t> runs_in_memory_{0};  // of entries_, for other threads
    std::set<model::RunId> loading_;
    std::map<model::RunId, std::string> cancels_;  // the same, cancelled: why

    struct Queued {
        model::RunId run = 0;
        Cause cause = Cause::kWakeUp;
    };

    std::deque<Queued> queue_;       // runs for which there is no room in memory, in order
    std::set<model::RunId> queued_;  // those of queue_
    std::map<model::RunId, std::unique_ptr<Timer>> timers_;  // of runs that are not in memory
    std::unique_ptr<Timer> sweep_timer_;
    std::thread thread_;
};

}  // namespace tideway::runtime
