#include "engine/runtime/shard.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/paused_runs.h"
#include "engine/runtime/resubmit/pack_operations.h"

namespace tideway::runtime {

using model::RunId;
using model::RunRecord;

namespace {
constexpr Duration kSweepInterval = std::chrono::seconds(30);
constexpr Duration kSweepIntervalWhenFull = std::chrono::milliseconds(100);
constexpr Duration kVmLostSpread = std::chrono::milliseconds(100);
constexpr int kVmLostDoublings = 8;
}  // namespace

Shard::Shard(ShardServices services)
    : services_(std::move(services)),
      owned_loop_(services_.make_loop ? services_.make_loop() : std::make_unique<Loop>()),
      loop_(*owned_loop_),
      executor_(loop_, services_.timer_speed),
      authorizer_(*services_.tokens, *services_.registry),
      random_(std::random_device()()) {
    http::ClientOptions options;
    options.user_agent = std::string("tideway/") + TIDEWAY_VERSION;
    options.crash_points = services_.crash_points;
    client_ = services_.make_client ? services_.make_client(loop_, std::move(options))
                                    : http::make_curl_client(loop_, std::move(options));
    session_services_.store = services_.store;
    session_services_.readers = services_.readers;
    session_services_.catalog = services_.catalog;
    session_services_.registry = services_.registry;
    session_services_.connections = services_.connections;
    session_services_.brake = services_.brake;
    session_services_.observer = this;
    session_services_.environment = services_.environment;
    session_services_.public_url = services_.public_url;
    session_services_.callback_key = services_.callback_key;
    session_services_.limits = services_.run_limits;
    OperationServices& operations = session_services_.operations;
    operations.executor = &executor_;
    operations.client = client_.get();
    operations.tokens = services_.tokens;
    operations.gate = services_.gate;
    operations.authorizer = &authorizer_;
    operations.clock = services_.clock;
    operations.log = services_.log;
    operations.random = [this] { return std::uniform_real_distribution<double>()(random_); };
}

Shard::~Shard() {
    stop();
    sweep_timer_.reset();
    timers_.clear();
    entries_.clear();
}

void Shard::start() {
    thread_ = std::thread([this] { loop_.run(); });
    loop_.post([this] { sweep(); });
}

void Shard::stop() {
    loop_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Result<std::shared_ptr<script::Vm>> Shard::vm_of(const LoadedVersion& version) {
    std::shared_ptr<script::Vm>& vm = vms_[version.version.id];
    if (!vm || vm->is_lost()) {
        vms_lost_ += vm ? 1 : 0;
        script::VmLimits vm_limits;
        vm_limits.vm_bytes = services_.run_limits.vm_bytes;
        TIDEWAY_TRY_ASSIGN(vm, script::Vm::create(version.program, vm_limits));
    }
    return vm;
}

void Shard::adopt(RunRecord run, Payload event) {
    loop_.post([this, run = std::move(run), event = std::move(event)]() mutable {
        if (!is_full()) {
            begin({std::move(run), std::move(event), {}, {}});
            return;
        }
        // So that a death of the process before its turn is not laid to this run.
        store::SetRunStatus set;
        set.run_id = run.id;
        set.status = model::Status::kWaiting;
        set.reason = "its turn: the server has as many runs in memory as it can";
        services_.store->submit({{set}}, [](const Result<std::vector<store::Outcome>>&) {});
        enqueue(run.id, Cause::kWakeUp);
    });
}

bool Shard::is_full() const {
    return !queue_.empty() ||
           entries_.size() + loading_.size() >= services_.run_limits.in_memory_per_shard;
}

void Shard::enqueue(RunId run, Cause cause) {
    if (!queued_.insert(run).second) {
        return;
    }
    if (queue_.empty()) {
        // Runs that only wait make room.
        sweep_timer_ = executor_.after(kSweepIntervalWhenFull, [this] { sweep(); });
    }
    queue_.push_back({run, cause});
}

void Shard::take_from_queue() {
    while (!queue_.empty() &&
           entries_.size() + loading_.size() < services_.run_limits.in_memory_per_shard) {
        const Queued next = queue_.front();
        queue_.pop_front();
        queued_.erase(next.run);
        claim(next.run, next.cause);
    }
}

void Shard::load(RunId run, Cause cause) {
    loop_.post([this, run, cause] {
        if (entries_.contains(run) || loading_.contains(run)) {
            return;
        }
        timers_.erase(run);
        if (is_full()) {
            enqueue(run, cause);
            return;
        }
        claim(run, cause);
    });
}

void Shard::claim(RunId run, Cause cause) {
    loading_.insert(run);
    store::ClaimRun claim;
    claim.run_id = run;
    claim.after_death = cause == Cause::kAfterDeath;
    services_.store->submit({{claim}}, [this, run](Result<std::vector<store::Outcome>> result) {
        loop_.post([this, run, result = std::move(result)] {
            if (!result) {
                loading_.erase(run);
                cancel_if_asked(run);
                services_.log->error(
                    "a run could not be claimed", {{"run", run}, {"error", result.error().text()}}
                );
                take_from_queue();
                return;
            }
            begin_claimed(run, result->front().lease_epoch);
        });
    });
}

void Shard::begin_claimed(RunId run, std::int64_t epoch) {
    const auto query = [run](store::Reader& reader) -> Result<Loaded> {
        Loaded loaded;
        TIDEWAY_TRY_ASSIGN(auto record, reader.run(run));
        if (!record) {
            return fail(ErrorKind::kNotFound, "WorkflowRunNotFound", "The run is gone.");
        }
        loaded.run = std::move(*record);
        TIDEWAY_TRY_ASSIGN(auto event, reader.event(loaded.run.event_id));
        if (event) {
            loaded.event = event->payload;
        }
        TIDEWAY_TRY_ASSIGN(loaded.rows, reader.journal(run));
        if (needs_origin(loaded.run)) {
            TIDEWAY_TRY_ASSIGN(loaded.origin, origin_of(reader, loaded.run));
        }
        return loaded;
    };
    services_.readers->read(loop_, query, [this, run, epoch](Result<Loaded> loaded) {
        loading_.erase(run);
        cancel_if_asked(run);
        if (!loaded) {
            services_.log->error(
                "a run could not be loaded", {{"run", run}, {"error", loaded.error().text()}}
            );
            take_from_queue();
            return;
        }
        if (model::is_final(loaded->run.status) || waits_for_person(loaded->run)) {
            take_from_queue();
            return;
        }
        loaded->run.lease_epoch = epoch;
        begin(std::move(*loaded));
        take_from_queue();  // it may have been refused
    });
}

std::unique_ptr<Rerun> Shard::make_rerun(const Loaded& loaded, const LoadedVersion& version) const {
    if (!needs_origin(loaded.run)) {
        return nullptr;
    }
    return std::make_unique<Rerun>(
        loaded.origin,
        loaded.run,
        version.analysis.outline,
        operations_of(*services_.catalog, *services_.registry, version.version.pack)
    );
}

void Shard::begin(Loaded loaded) {
    RunRecord& run = loaded.run;
    if (run.deaths > limits::kDeathsAtOnePlaceMax) {
        Error error;
        error.code = kRunDiesRepeatedly;
        error.message = "The program died " + std::to_string(run.deaths) +
                        " times in a row while this run was at the same place.";
        error.remedy = "Look at the last step, then resume, resubmit or cancel the run.";
        refuse(run, error);
        return;
    }
    auto version = services_.catalog->version(run.version_id);
    if (!version) {
        refuse(run, version.error());
        return;
    }
    auto vm = vm_of(**version);
    if (!vm) {
        refuse(run, vm.error());
        return;
    }
    const RunId id = run.id;
    Entry& entry = entries_[id];
    runs_in_memory_ = entries_.size();
    entry.vm = *vm;
    const Uid holder = services_.links->lock_holder(run);
    services_.links->changed(run);
    auto rerun = make_rerun(loaded, **version);
    entry.session = std::make_unique<RunSession>(
        session_services_, std::move(*version), **vm, std::move(run), holder
    );
    entry.session->begin(loaded.event, std::move(loaded.rows), std::move(rerun));
}

// The run cannot even start, with the reason; what only a restart can mend is tried again then.
void Shard::refuse(const RunRecord& run, const Error& error) {
    store::SetRunStatus set;
    set.run_id = run.id;
    set.status = model::Status::kPaused;
    set.reason = error.message;
    set.code = error.code;
    set.remedy = error.remedy;
    services_.store->submit({{set}}, [](const Result<std::vector<store::Outcome>>&) {});
    services_.log->error("a run is paused", {{"run", run.uid.hex()}, {"reason", error.text()}});
}

void Shard::notify(RunId run, std::string path) {
    loop_.post([this, run, path = std::move(path)] {
        if (const auto it = entries_.find(run); it != entries_.end()) {
            it->second.session->recheck(path);
            return;
        }
        if (loading_.contains(run)) {
            return;  // every wait is checked once it is loaded
        }
        load(run, Cause::kWakeUp);
    });
}

void Shard::cancel(RunId run, std::string reason, std::function<void(Status)> done) {
    loop_.post([this, run, reason = std::move(reason), done = std::move(done)] {
        if (const auto it = entries_.find(run); it != entries_.end()) {
            it->second.session->cancel(reason);
            done({});
            return;
        }
        if (loading_.contains(run)) {
            cancels_[run] = reason;
            done({});
            return;
        }
        // Not in memory: nothing of it is under way.
        services_.gate->forget(run);
        services_.brake->forget(run);
        store::SetRunStatus set;
        set.run_id = run;
        set.status = model::Status::kCancelled;
        set.reason = reason;
        services_.store->submit(
            {{set}},
            [this, run, done](Result<std::vector<store::Outcome>> result) {
                loop_.post([this, run, done, result = std::move(result)] {
                    if (!result) {
                        done(fail(result.error()));
                        return;
                    }
                    done({});
                    timers_.erase(run);
                    for (const store::LockGrant& grant : result->front().grants) {
                        services_.links->notify(grant.run_id, grant.path);
                    }
                    for (const RunId next : result->front().turns) {
                        services_.links->dispatch(next);
                    }
                    announce_end(run);
                });
            }
        );
    });
}

// Of a run that was being loaded: once it has begun, or will not.
void Shard::cancel_if_asked(RunId run) {
    if (auto asked = cancels_.extract(run)) {
        cancel(run, std::move(asked.mapped()), [](const Status&) {});
    }
}

// Of a run that ended in the store alone: callers and parents wait for it all the same.
void Shard::announce_end(RunId run) {
    const auto query = [run](store::Reader& reader) { return reader.run(run); };
    services_.readers->read(loop_, query, [this](Result<std::optional<RunRecord>> found) {
        if (found && *found) {
            on_response(**found);
            on_ended(**found);
        }
    });
}

void Shard::decide(
    RunId run,
    std::string path,
    RunSession::Decision decision,
    Payload adopted,
    std::function<void(Status)> done
) {
    loop_.post([this,
                run,
                path = std::move(path),
                decision,
                adopted = std::move(adopted),
                done = std::move(done)]() mutable {
        const auto it = entries_.find(run);
        if (it == entries_.end()) {
            done(fail(
                ErrorKind::kConflict, "EffectNotParked", "The run does not wait for a decision now."
            ));
            return;
        }
        done(it->second.session->decide(path, decision, std::move(adopted)));
    });
}

void Shard::drop(RunId run) {
    // Later: the session may be on the stack.
    loop_.post([this, run] { forget_session(run); });
}

void Shard::forget_session(RunId run) {
    entries_.erase(run);
    runs_in_memory_ = entries_.size();
    take_from_queue();
}

void Shard::sweep() {
    const Timestamp now = services_.clock->now();
    const bool has_queue = !queue_.empty();
    std::vector<RunId> idle;
    for (auto& [run, entry] : entries_) {
        entry.session->time_out_if_due(now);
        const bool is_idle = entry.session->is_idle();
        if (is_idle && (entry.was_idle || has_queue)) {
            idle.push_back(run);
        }
        entry.was_idle = is_idle;
    }
    std::ranges::for_each(idle, [this](RunId run) { evict(run); });
    runs_in_memory_ = entries_.size();
    take_from_queue();
    sweep_timer_ = executor_.after(
        queue_.empty() ? kSweepInterval : kSweepIntervalWhenFull, [this] { sweep(); }
    );
}

// It comes back by replay when it is due; at the latest when its time is over.
void Shard::evict(RunId run) {
    const RunSession& session = *entries_[run].session;
    const Timestamp end = session.ends_at();
    const Timestamp wake_at = std::min(session.record().wake_at.value_or(end), end);
    entries_.erase(run);
    timers_[run] =
        executor_.after(std::max(Duration(0), wake_at - services_.clock->now()), [this, run] {
            load(run, Cause::kWakeUp);
        });
}

void Shard::on_child_admitted(RunId child) {
    services_.links->dispatch(child);
}

void Shard::on_child_given_up(const Uid& child) {
    services_.links->give_up(child);
}

void Shard::on_response(const RunRecord& run) {
    services_.links->responded(run);
    if (!run.parent_uid.is_none()) {
        services_.links->notify_parent(run);
    }
}

void Shard::on_ended(const RunRecord& run) {
    vms_lost_ = std::max(0, vms_lost_ - 1);
    services_.gate->forget(run.id);
    services_.brake->forget(run.id);
    services_.links->changed(run);
    services_.links->ended(run);
    if (!run.parent_uid.is_none()) {
        services_.links->notify_parent(run);
    }
    drop(run.id);
}

void Shard::on_lock_granted(RunId run, const std::string& path) {
    services_.links->notify(run, path);
}

void Shard::on_turn(RunId run) {
    services_.links->dispatch(run);
}

void Shard::on_released(RunId run) {
    drop(run);
}

void Shard::on_must_reload(RunId run, Duration delay) {
    loop_.post([this, run, delay] {
        forget_session(run);
        timers_[run] = executor_.after(delay, [this, run] { load(run, Cause::kWakeUp); });
    });
}

// The runs of a lost VM come back one by one, further apart each time it happens again: those that
// are too large together must not meet again.
void Shard::on_vm_lost(RunId run) {
    const Duration most = kVmLostSpread * (1 << std::min(vms_lost_, kVmLostDoublings));
    std::uniform_int_distribution<Duration::rep> spread(0, most.count());
    on_must_reload(run, Duration(spread(random_)));
}

void Shard::on_not_stored(const RunRecord& run, const Error& error) {
    services_.links->not_stored(run, error);
}

void Shard::on_progress(const RunRecord& run) {
    services_.links->changed(run);
}

void Shard::evaluate_trigger(
    std::shared_ptr<LoadedVersion> version,
    std::vector<Payload> events,
    std::function<void(std::vector<Result<TriggerDecision>>)> done
) {
    loop_.post(
        [this, version = std::move(version), events = std::move(events), done = std::move(done)] {
            std::vector<Result<TriggerDecision>> decisions;
            for (const Payload& event : events) {
                // Asked for each: an event may cost the VM.
                const auto vm = vm_of(*version);
                decisions.push_back(
                    vm ? decide_trigger(**vm, version->declaration, event)
                       : Result<TriggerDecision>(fail(vm.error()))
                );
            }
            done(std::move(decisions));
        }
    );
}

Result<RunKeys> Shard::keys_of(const LoadedVersion& version, const Payload& event) {
    if (!has_keys(version.declaration)) {
        return RunKeys();
    }
    TIDEWAY_TRY_ASSIGN(const auto vm, vm_of(version));
    return read_keys(*vm, version.declaration, event);
}

}  // namespace tideway::runtime
