#include "engine/runtime/runtime.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/runtime/history/call_tree.h"
#include "engine/runtime/paused_runs.h"

namespace tideway::runtime {

using model::EventStatus;
using model::RunId;
using model::RunRecord;

namespace {

constexpr const char* kStoppedKey = "stopped_in_order";
constexpr const char* kCallbackKey = "callback_key";

Error run_not_stored(const Uid& run, const Error& cause) {
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "RunNotStored";
    error.message = "The run " + run.hex() +
                    " is accepted, but what it did cannot be stored now: " + cause.message +
                    " It goes on by itself as soon as the store works.";
    error.remedy = cause.remedy;
    return error;
}

std::string caller_has_ended(const Uid& caller) {
    return "The run that called it, " + caller.hex() + ", has ended.";
}

BrakeServices brake_services(const RuntimeDependencies& from, ReaderPool& readers) {
    BrakeServices out;
    out.store = from.store;
    out.readers = &readers;
    out.catalog = from.catalog;
    out.environment = from.settings;
    out.registry = from.registry;
    out.clock = from.clock;
    out.log = from.log;
    return out;
}

// The same for the life of the store, so that an address outlives a restart.
std::string read_or_make_callback_key(store::Store& store) {
    const auto kept = store.reader().meta(kCallbackKey);
    if (kept && *kept) {
        return **kept;
    }
    std::string key = to_hex(random_bytes(32));
    // Not stored, it is the key of this process: addresses in use are stored themselves.
    static_cast<void>(submit_blocking(store, {{store::SetMeta{kCallbackKey, key}}}));
    return key;
}

}  // namespace

Runtime::Runtime(RuntimeDependencies dependencies)
    : dependencies_(std::move(dependencies)),
      callback_key_(read_or_make_callback_key(*dependencies_.store)),
      readers_(dependencies_.store->reader(), dependencies_.reader_threads),
      gate_(*dependencies_.store, *dependencies_.clock, *dependencies_.log),
      brake_(brake_services(dependencies_, readers_)),
      echoes_(readers_),
      pruner_(*dependencies_.store, readers_, *dependencies_.clock, *dependencies_.log) {
    ShardServices services;
    services.store = dependencies_.store;
    services.readers = &readers_;
    services.catalog = dependencies_.catalog;
    services.registry = dependencies_.registry;
    services.connections = dependencies_.connections;
    services.tokens = dependencies_.tokens;
    services.gate = &gate_;
    services.brake = &brake_;
    services.clock = dependencies_.clock;
    services.log = dependencies_.log;
    services.links = this;
    services.crash_points = dependencies_.crash_points;
    services.environment = dependencies_.environment;
    services.public_url = dependencies_.public_url;
    services.callback_key = callback_key_;
    services.make_loop = dependencies_.make_loop;
    services.make_client = dependencies_.make_client;
    services.timer_speed = dependencies_.timer_speed;
    services.run_limits = dependencies_.run_limits;
    for (int i = 0; i < std::max(1, dependencies_.shards); ++i) {
        shards_.push_back(std::make_unique<Shard>(services));
    }
    FanOutServices fan_out;
    fan_out.store = dependencies_.store;
    fan_out.executor = &shards_.front()->loop();
    fan_out.log = dependencies_.log;
    fan_out.make = [this](const store::FanOutRow& event, const Payload& item) {
        return make_admission(event, item);
    };
    fan_out.adopt = [this](store::Admit admit, const store::Outcome& outcome) {
        adopt(std::move(admit), outcome);
    };
    fan_out.dispatch = [this](RunId run) { dispatch(run); };
    fan_out.has_room = [this] { return has_room(); };
    fan_out_ = std::make_unique<FanOut>(std::move(fan_out));
    resubmitter_ = make_resubmitter();
}

Runtime::~Runtime() {
    if (is_running_) {
        stop();
    }
}

Status Runtime::start() {
    is_running_ = true;
    TIDEWAY_TRY(gate_.restore());
    gate_.start(shards_.front()->executor(), [this](RunId run, const std::string& path) {
        notify(run, path);
    });
    TIDEWAY_TRY(brake_.restore());
    brake_.start(shards_.front()->executor(), [this](RunId run, const std::string& path) {
        notify(run, path);
    });
    echoes_.start(shards_.front()->executor());
    for (const auto& shard : shards_) {
        shard->start();
    }
    TIDEWAY_TRY(recover());
    TIDEWAY_TRY_ASSIGN(const auto split_events, dependencies_.store->reader().fan_outs());
    for (const store::FanOutRow& event : split_events) {
        go_on_with_fan_out(event);
    }
    TIDEWAY_TRY(resubmitter_->start());
    pruner_.start(shards_.front()->loop());
    return {};
}

void Runtime::stop() {
    is_running_ = false;
    for (const auto& shard : shards_) {
        shard->stop();
    }
    gate_.stop();
    brake_.stop();
    echoes_.stop();
    readers_.stop();
    // Completions come in order: after this one, none of ours is left that could touch a shard. The
    // note tells the next start that no run made this process die.
    const auto drained =
        submit_blocking(*dependencies_.store, {{store::SetMeta{kStoppedKey, "yes"}}});
    if (!drained) {
        dependencies_.log->warning("stopped", {{"error", drained.error().text()}});
    }
}

Status Runtime::recover() {
    TIDEWAY_TRY_ASSIGN(const auto stopped, dependencies_.store->reader().meta(kStoppedKey));
    const bool was_in_order = stopped && *stopped == "yes";
    TIDEWAY_TRY(submit_blocking(*dependencies_.store, {{store::SetMeta{kStoppedKey, "no"}}}));
    TIDEWAY_TRY_ASSIGN(const int paused, pause_restored_runs(*dependencies_.store));
    if (paused > 0) {
        dependencies_.log->warning(
            "the store was restored from a backup: its open runs are paused", {{"runs", paused}}
        );
    }
    TIDEWAY_TRY_ASSIGN(const auto open, dependencies_.store->reader().open_runs());
    TIDEWAY_TRY_ASSIGN(const auto line, dependencies_.store->reader().runs_in_line());
    const std::set<RunId> in_line(line.begin(), line.end());
    // Oldest first: a parent is known before its children ask for the top of their call tree.
    for (const RunRecord& run : open) {
        lock_holder(run);
    }
    for (const RunRecord& run : open) {
        if (waits_for_person(run) || in_line.contains(run.id)) {
            continue;
        }
        const bool died = run.status == model::Status::kRunning && !was_in_order;
        const auto cause = died ? Shard::Cause::kAfterDeath : Shard::Cause::kWakeUp;
        shard_of(run.id).load(run.id, cause);
    }
    for (const RunRecord& run : open) {
        TIDEWAY_TRY(cancel_with_its_caller(run));
    }
    if (!open.empty()) {
        dependencies_.log->info(
            "open runs taken back", {{"runs", static_cast<std::int64_t>(open.size())}}
        );
    }
    return {};
}

// What the process did not get to when the caller ended.
Status Runtime::cancel_with_its_caller(const RunRecord& run) {
    if (run.parent_uid.is_none()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const auto caller, dependencies_.store->reader().run_by_uid(run.parent_uid));
    if (caller && ends_its_children(*caller)) {
        cancel(run.id, caller_has_ended(run.parent_uid));
    }
    return {};
}

Shard& Runtime::shard_of(RunId run) {
    return *shards_[static_cast<std::size_t>(run) % shards_.size()];
}

void Runtime::dispatch(RunId run) {
    shard_of(run).load(run, Shard::Cause::kWakeUp);
}

void Runtime::notify(RunId run, const std::string& path) {
    shard_of(run).notify(run, path);
}

void Runtime::notify_parent(const RunRecord& child) {
    RunId parent = 0;
    {
        const Lock lock(mutex_);
        if (const auto it = open_runs_.find(child.parent_uid); it != open_runs_.end()) {
            parent = it->second;
        }
    }
    if (parent != 0) {
        notify(parent, child.parent_path);
    }
}

void Runtime::responded(const RunRecord& run) {
    tell_waiting(run.uid, run);
}

void Runtime::not_stored(const RunRecord& run, const Error& error) {
    Uid top = run.uid;
    {
        const Lock lock(mutex_);
        if (const auto it = lock_holders_.find(run.uid); it != lock_holders_.end()) {
            top = it->second;
        }
    }
    tell_waiting(top, fail(run_not_stored(top, error)));
}

void Runtime::tell_waiting(const Uid& run, Result<RunRecord> answer) {
    Responded done;
    {
        const Lock lock(mutex_);
        const auto it = waiting_.find(run);
        if (it == waiting_.end()) {
            return;
        }
        done = std::move(it->second);
        waiting_.erase(it);
    }
    done(std::move(answer));
}

void Runtime::changed(const RunRecord& run) {
    if (listener_) {
        listener_(run);
    }
}

void Runtime::ended(const RunRecord& run) {
    {
        const Lock lock(mutex_);
        lock_holders_.erase(run.uid);
        open_runs_.erase(run.uid);
    }
    if (ends_its_children(run)) {
        cancel_children(run.uid);
    }
}

// Its last batch is durable: it calls nobody any more.
void Runtime::cancel_children(const Uid& parent) {
    readers_.run([this, parent](store::Reader& reader) {
        const auto children = open_children(reader, parent);
        if (!children) {
            dependencies_.log->error(
                "child runs could not be cancelled",
                {{"parent", parent.hex()}, {"error", children.error().text()}}
            );
            return;
        }
        for (const RunRecord& child : *children) {
            cancel(child.id, caller_has_ended(parent));
        }
    });
}

void Runtime::give_up(const Uid& child) {
    readers_.run([this, child](store::Reader& reader) {
        const auto found = reader.run_by_uid(child);
        if (found && *found && !model::is_final((*found)->status)) {
            cancel((*found)->id, "The time limit of the scope that called it is over.");
        }
    });
}

Uid Runtime::lock_holder(const RunRecord& run) {
    const Lock lock(mutex_);
    open_runs_[run.uid] = run.id;
    if (const auto own = lock_holders_.find(run.uid); own != lock_holders_.end()) {
        return own->second;
    }
    const auto parent = lock_holders_.find(run.parent_uid);
    const Uid holder = parent == lock_holders_.end() ? run.uid : parent->second;
    lock_holders_[run.uid] = holder;
    return holder;
}

void Runtime::on_change(std::function<void(const RunRecord&)> listener) {
    listener_ = std::move(listener);
}

void Runtime::wait_for_response(const Uid& run, Responded done) {
    const Lock lock(mutex_);
    waiting_[run] = std::move(done);
}

void Runtime::forget_response(const Uid& run) {
    const Lock lock(mutex_);
    waiting_.erase(run);
}

void Runtime::cancel(RunId run, std::string reason, std::function<void(Status)> done) {
    shard_of(run).cancel(run, std::move(reason), std::move(done));
}

void Runtime::resume(const RunRecord& run, std::function<void(Status)> done) {
    if (!waits_for_person(run)) {
        done(fail(
            ErrorKind::kConflict,
            "RunNotPaused",
            "The run " + run.uid.hex() + " does not wait to be resumed: it is " +
                std::string(model::to_string(run.status)) + ".",
            "An ended run is resubmitted; an effect in doubt is decided (runs decide)."
        ));
        return;
    }
    store::SetRunStatus set;
    set.run_id = run.id;
    set.status = model::Status::kRunning;
    dependencies_.store->submit(
        {{set}},
        [this, id = run.id, done = std::move(done)](Result<std::vector<store::Outcome>> result) {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            if (result->front().granted) {
                dispatch(id);
            }
            done({});
        }
    );
}

void Runtime::decide(
    RunId run,
    std::string path,
    RunSession::Decision decision,
    Payload adopted,
    std::function<void(Status)> done
) {
    shard_of(run).decide(run, std::move(path), decision, std::move(adopted), std::move(done));
}

void Runtime::receive_callback(
    std::string token, Payload payload, std::function<void(Result<store::CallbackFate>)> done
) {
    store::ReceiveCallback receive;
    receive.token = std::move(token);
    receive.payload = std::move(payload);
    receive.at = dependencies_.clock->now();
    dependencies_.store->submit(
        {{std::move(receive)}},
        [this, done = std::move(done)](Result<std::vector<store::Outcome>> result) {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            const store::Outcome& outcome = result->front();
            if (outcome.callback == store::CallbackFate::kTaken) {
                notify(outcome.run_id, outcome.path);
            }
            done(outcome.callback);
        }
    );
}

}  // namespace tideway::runtime
