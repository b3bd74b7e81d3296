#include "engine/runtime/runtime.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"

namespace tideway::runtime {

using model::EventStatus;
using model::RunId;
using model::RunRecord;

namespace {

constexpr int kReaderThreads = 2;
constexpr const char* kStoppedKey = "stopped_in_order";
constexpr const char* kCallbackKey = "callback_key";
constexpr Duration kPruneInterval = std::chrono::minutes(10);
constexpr int kPruneRuns = 100;
constexpr Duration kDedupeWindow = std::chrono::hours(24 * 7);

Error flow_is_off(const FlowEntry& flow) {
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "WorkflowTriggerIsNotEnabled";
    error.message = "The flow '" + flow.row.name + "' is " +
                    std::string(to_string(flow.row.state)) + "; it takes no events.";
    if (!flow.row.state_reason.empty()) {
        error.message += " Reason: " + flow.row.state_reason;
    }
    error.remedy = "Turn it on: tideway flows on " + flow.row.name;
    return error;
}

// The same for the life of the store, so that an address outlives a restart.
std::string read_or_make_callback_key(store::Store& store) {
    const auto kept = store.reader().meta(kCallbackKey);
    if (kept && *kept) {
        return **kept;
    }
    std::string key = to_hex(random_bytes(32));
    const auto stored = submit_blocking(store, {{store::SetMeta{kCallbackKey, key}}});
    return stored ? key : std::string();
}

}  // namespace

Runtime::Runtime(RuntimeDependencies dependencies)
    : dependencies_(std::move(dependencies)),
      callback_key_(read_or_make_callback_key(*dependencies_.store)),
      readers_(dependencies_.store->reader(), kReaderThreads),
      gate_(*dependencies_.store, *dependencies_.clock, *dependencies_.log) {
    ShardServices services;
    services.store = dependencies_.store;
    services.readers = &readers_;
    services.catalog = dependencies_.catalog;
    services.registry = dependencies_.registry;
    services.connections = dependencies_.connections;
    services.tokens = dependencies_.tokens;
    services.gate = &gate_;
    services.clock = dependencies_.clock;
    services.log = dependencies_.log;
    services.links = this;
    services.crash_points = dependencies_.crash_points;
    services.environment = dependencies_.environment;
    services.callback_key = callback_key_;
    services.timer_speed = dependencies_.timer_speed;
    services.run_limits = dependencies_.run_limits;
    for (int i = 0; i < std::max(1, dependencies_.shards); ++i) {
        shards_.push_back(std::make_unique<Shard>(services));
    }
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
    for (const auto& shard : shards_) {
        shard->start();
    }
    TIDEWAY_TRY(recover());
    prune();
    return {};
}

void Runtime::stop() {
    is_running_ = false;
    for (const auto& shard : shards_) {
        shard->stop();
    }
    gate_.stop();
    readers_.stop();
    // Completions come in order: after this one, none of ours is left that could touch a shard. The
    // note tells the next start that no run made this process die.
    const auto drained =
        submit_blocking(*dependencies_.store, {{store::SetMeta{kStoppedKey, "yes"}}});
    if (!drained) {
        dependencies_.log->warning("stopped", {{"error", drained.error().text()}});
    }
}

// Removes history that is older than its retention, in small steps that give space back.
void Runtime::prune() {
    store::Prune command;
    command.before = dependencies_.clock->now() - limits::kHistoryRetention;
    command.limit = kPruneRuns;
    dependencies_.store->submit({{command}}, [this](Result<std::vector<store::Outcome>> result) {
        if (!result) {
            dependencies_.log->warning(
                "old history could not be removed", {{"error", result.error().text()}}
            );
        }
        const bool has_more = result && result->front().count == kPruneRuns;
        Loop& loop = shards_.front()->loop();
        loop.post([this, has_more, &loop] {
            prune_timer_ = loop.after(has_more ? Duration(0) : kPruneInterval, [this] { prune(); });
        });
    });
}

Status Runtime::recover() {
    TIDEWAY_TRY_ASSIGN(const auto stopped, dependencies_.store->reader().meta(kStoppedKey));
    const bool was_in_order = stopped && *stopped == "yes";
    TIDEWAY_TRY(submit_blocking(*dependencies_.store, {{store::SetMeta{kStoppedKey, "no"}}}));
    TIDEWAY_TRY_ASSIGN(const auto open, dependencies_.store->reader().open_runs());
    // Oldest first: a parent is known before its children ask for the top of their call tree.
    for (const RunRecord& run : open) {
        lock_holder(run);
    }
    for (const RunRecord& run : open) {
        const bool needs_person = run.status == model::Status::kPaused && run.code == "Diverged";
        if (needs_person) {
            continue;
        }
        const bool died = run.status == model::Status::kRunning && !was_in_order;
        const auto cause = died ? Shard::Cause::kAfterDeath : Shard::Cause::kWakeUp;
        shard_of(run.id).load(run.id, cause);
    }
    if (!open.empty()) {
        dependencies_.log->info(
            "open runs taken back", {{"runs", static_cast<std::int64_t>(open.size())}}
        );
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
    std::function<void(const RunRecord&)> done;
    {
        const Lock lock(mutex_);
        const auto it = waiting_.find(run.uid);
        if (it == waiting_.end()) {
            return;
        }
        done = std::move(it->second);
        waiting_.erase(it);
    }
    done(run);
}

void Runtime::changed(const RunRecord& run) {
    if (listener_) {
        listener_(run);
    }
}

void Runtime::ended(const RunRecord& run) {
    const Lock lock(mutex_);
    lock_holders_.erase(run.uid);
    open_runs_.erase(run.uid);
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

void Runtime::wait_for_response(const Uid& run, std::function<void(const RunRecord&)> done) {
    const Lock lock(mutex_);
    waiting_[run] = std::move(done);
}

void Runtime::forget_response(const Uid& run) {
    const Lock lock(mutex_);
    waiting_.erase(run);
}

void Runtime::cancel(RunId run, std::string reason) {
    shard_of(run).cancel(run, std::move(reason));
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

std::string Runtime::callback_token(const Uid& run, std::string_view path) const {
    return runtime::callback_token(callback_key_, run, path);
}

void Runtime::receive_callback(
    std::string token, Payload payload, std::function<void(Result<bool>)> done
) {
    store::ReceiveCallback receive;
    receive.token = std::move(token);
    receive.payload = std::move(payload);
    dependencies_.store->submit(
        {{std::move(receive)}},
        [this, done = std::move(done)](Result<std::vector<store::Outcome>> result) {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            const store::Outcome& outcome = result->front();
            if (outcome.run_id != 0) {
                notify(outcome.run_id, outcome.path);
            }
            done(outcome.granted);
        }
    );
}

// ---------------------------------------------------------------- admission

store::Admit Runtime::make_admission(const Delivery& delivery, Payload event, const Uid& run_uid)
    const {
    store::Admit admit;
    admit.event.uid = Uid::random();
    admit.event.flow_id = delivery.flow.row.id;
    admit.event.source = delivery.source;
    admit.event.payload = std::move(event);
    admit.event.received = dependencies_.clock->now();
    RunRecord run;
    run.uid = run_uid;
    run.root_uid = run_uid;
    run.flow_id = delivery.flow.row.id;
    run.version_id = delivery.flow.row.published;
    run.status = model::Status::kRunning;  // this process takes it at once
    run.lease_epoch = 1;
    run.created = admit.event.received;
    run.started = run.created;
    admit.run = std::move(run);
    return admit;
}

void Runtime::admit(Delivery delivery, std::function<void(Result<Admitted>)> done) {
    const FlowEntry& flow = delivery.flow;
    if (flow.row.state != model::FlowState::kOn || !flow.published) {
        Error error = flow_is_off(flow);
        record_refusal(flow, delivery.source, delivery.event, error.message);
        done(fail(std::move(error)));
        return;
    }
    const model::FlowDeclaration& declared = flow.published->declaration;
    const bool has_functions =
        declared.has_condition || declared.has_dedupe_by || declared.has_split_on;
    if (!has_functions) {
        admit_decided(std::move(delivery), TriggerDecision(), std::move(done));
        return;
    }
    auto version = flow.published;
    Payload event = delivery.event;
    shards_.front()->evaluate_trigger(
        std::move(version),
        std::move(event),
        [this, delivery = std::move(delivery), done = std::move(done)](
            Result<TriggerDecision> decision
        ) mutable { admit_decided(std::move(delivery), std::move(decision), std::move(done)); }
    );
}

void Runtime::admit_decided(
    Delivery delivery, Result<TriggerDecision> decision, std::function<void(Result<Admitted>)> done
) {
    const Uid run_uid = delivery.run_uid.value_or(Uid::random());
    std::vector<store::Admit> admissions;
    if (!decision) {
        // Acknowledged and kept: a failed run that can be resubmitted once the script is right.
        store::Admit admit = make_admission(delivery, delivery.event, run_uid);
        model::StepError error;
        error.code = decision.error().code;
        error.message = "A function of the trigger failed: " + decision.error().message;
        admit.run->status = model::Status::kFailed;
        admit.run->code = "ActionFailed";
        admit.run->error = model::to_payload(error);
        admit.run->ended = admit.run->created;
        admissions.push_back(std::move(admit));
    } else if (!decision->is_met) {
        store::Admit admit = make_admission(delivery, delivery.event, run_uid);
        admit.run.reset();
        admit.event.status = EventStatus::kConditionUnmet;
        admit.event.reason = "The trigger's condition was not met.";
        admissions.push_back(std::move(admit));
    } else if (decision->items.empty()) {
        store::Admit admit = make_admission(delivery, delivery.event, run_uid);
        const auto& key = decision->dedupe_key ? decision->dedupe_key : delivery.dedupe_key;
        if (key) {
            admit.event.dedupe_key = *key;
            admit.dedupe_expires = admit.event.received + kDedupeWindow;
        }
        admissions.push_back(std::move(admit));
    } else {
        for (const Payload& item : decision->items) {
            admissions.push_back(make_admission(delivery, item, Uid::random()));
        }
    }
    submit_admission(std::move(admissions), std::move(done));
}

void Runtime::submit_admission(
    std::vector<store::Admit> admissions, std::function<void(Result<Admitted>)> done
) {
    store::Batch batch;
    for (const store::Admit& admit : admissions) {
        batch.commands.emplace_back(admit);
    }
    dependencies_.store->submit(
        std::move(batch),
        [this,
         admissions = std::move(admissions),
         done = std::move(done)](Result<std::vector<store::Outcome>> result) mutable {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            Admitted admitted;
            admitted.event_uid = admissions.front().event.uid;
            admitted.status = admissions.front().event.status;
            admitted.reason = admissions.front().event.reason;
            for (std::size_t i = 0; i < admissions.size(); ++i) {
                const store::Outcome& outcome = (*result)[i];
                store::Admit& admit = admissions[i];
                if (outcome.is_duplicate) {
                    admitted.status = EventStatus::kDuplicate;
                    admitted.reason = "The same event was accepted before.";
                    admitted.runs.push_back(outcome.run_uid);
                    continue;
                }
                if (!admit.run) {
                    continue;
                }
                admitted.runs.push_back(admit.run->uid);
                if (model::is_final(admit.run->status)) {
                    continue;
                }
                admit.run->id = outcome.run_id;
                admit.run->event_id = outcome.id;
                lock_holder(*admit.run);
                shard_of(outcome.run_id).adopt(std::move(*admit.run), admit.event.payload);
            }
            done(std::move(admitted));
        }
    );
}

void Runtime::record_refusal(
    const FlowEntry& flow, std::string source, Payload event, std::string reason
) {
    store::Admit admit;
    admit.event.uid = Uid::random();
    admit.event.flow_id = flow.row.id;
    admit.event.source = std::move(source);
    admit.event.status = EventStatus::kRefused;
    admit.event.reason = std::move(reason);
    admit.event.payload = std::move(event);
    admit.event.received = dependencies_.clock->now();
    dependencies_.store->submit(
        {{std::move(admit)}}, [](const Result<std::vector<store::Outcome>>&) {}
    );
}

void Runtime::resubmit(
    RunRecord original, CodeChoice code, std::function<void(Result<Admitted>)> done
) {
    if (!model::is_final(original.status) && original.status != model::Status::kPaused) {
        done(fail(
            ErrorKind::kConflict,
            "RunNotEnded",
            "The run " + original.uid.hex() + " is " + std::string(to_string(original.status)) +
                "; only a run that has ended can be resubmitted.",
            "Wait for it, or cancel it first."
        ));
        return;
    }
    readers_.run([this, original = std::move(original), code, done = std::move(done)](
                     store::Reader& reader
                 ) mutable {
        auto flow = dependencies_.catalog->flow(original.flow_id);
        if (!flow) {
            done(fail(std::move(flow.error())));
            return;
        }
        auto event = reader.event(original.event_id);
        if (!event || !*event) {
            done(fail(
                ErrorKind::kNotFound,
                "EventGone",
                "The event of the run " + original.uid.hex() + " is not in history any more."
            ));
            return;
        }
        Delivery delivery;
        delivery.flow = *flow;
        delivery.source = "resubmit";
        store::Admit admit = make_admission(delivery, (*event)->payload, Uid::random());
        admit.run->root_uid = original.root_uid;
        admit.run->resubmit_of = original.uid;
        if (code == CodeChoice::kOriginal) {
            admit.run->version_id = original.version_id;
        }
        std::vector<store::Admit> admissions;
        admissions.push_back(std::move(admit));
        submit_admission(std::move(admissions), std::move(done));
    });
}

}  // namespace tideway::runtime
