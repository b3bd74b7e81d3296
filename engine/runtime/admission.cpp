// Runtime: events on their way in. What the trigger's own functions say of them is decided first;
// then the event, its runs and what else belongs to them are one commit.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/effect_key.h"
#include "engine/runtime/history/secured_admission.h"
#include "engine/runtime/resubmit/origin.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

using model::EventStatus;
using model::RunRecord;

namespace {

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

bool is_muted(const Delivery& delivery) {
    return delivery.effects == model::Effects::kMuted;
}

// A muted run changes nothing, so it may look at what a flow would do before it is turned on.
bool takes(const Delivery& delivery) {
    const bool is_on = delivery.flow.row.state == model::FlowState::kOn;
    return delivery.flow.published && (is_on || is_muted(delivery));
}

constexpr std::chrono::seconds kFullRetryAfter{10};

Error line_is_full(const FlowEntry& flow) {
    const model::Concurrency& concurrency = *flow.published->concurrency;
    Error error;
    error.kind = ErrorKind::kThrottled;
    error.code = kLineIsFull;
    error.message = "The flow '" + flow.row.name +
                    "' takes no event now: " + std::to_string(concurrency.runs) +
                    " of its runs may be under way and " + std::to_string(concurrency.waiting) +
                    " may wait, and as many do.";
    error.remedy = "Send the event again later, or raise the concurrency of its trigger.";
    error.retry_after = kFullRetryAfter;
    return error;
}

// Acknowledged and kept: a failed run that can be resubmitted once the script is right.
void fail_run(store::Admit& admit, const Error& cause) {
    model::StepError error;
    error.code = cause.code;
    error.message = "A function of the trigger failed: " + cause.text();
    admit.run->status = model::Status::kFailed;
    admit.run->code = "ActionFailed";
    admit.run->error = model::to_payload(error);
    admit.run->fingerprint = fingerprint(std::to_string(admit.run->flow_id), error);
    admit.run->ended = admit.run->created;
}

// The place that a run asks for. Absent: nothing that its trigger says lets it wait.
std::optional<store::Turn> turn_of(
    const std::optional<model::Concurrency>& concurrency, const RunKeys& keys
) {
    if (!concurrency && keys.one_at_a_time.empty()) {
        return std::nullopt;
    }
    store::Turn turn;
    turn.key = keys.one_at_a_time;
    turn.coalesce_key = keys.coalesce;
    turn.runs_max = concurrency ? concurrency->runs : 0;
    return turn;
}

void take_turn_or_fail(
    store::Admit& admit,
    const std::optional<model::Concurrency>& concurrency,
    const Result<RunKeys>& keys
) {
    if (!keys) {
        fail_run(admit, keys.error());
        return;
    }
    admit.turn = turn_of(concurrency, *keys);
}

std::function<void(Result<std::vector<Admitted>>)> the_only(
    std::function<void(Result<Admitted>)> done
) {
    return [done = std::move(done)](Result<std::vector<Admitted>> admitted) {
        if (!admitted) {
            done(fail(std::move(admitted.error())));
            return;
        }
        done(std::move(admitted->front()));
    };
}

}  // namespace

// What several deliveries come to: those of delivery i end at ends[i].
struct Runtime::Arrivals {
    std::vector<store::Admit> admits;
    std::vector<std::size_t> ends;

    void add(std::vector<store::Admit> of_delivery) {
        std::ranges::move(of_delivery, std::back_inserter(admits));
        ends.push_back(admits.size());
    }

    // What comes together is taken or refused together.
    void require_room(int waiting_max) {
        const auto first = std::ranges::find_if(admits, [](const store::Admit& admit) {
            return admit.turn.has_value();
        });
        if (first != admits.end()) {
            first->turn->waiting_max = waiting_max;
        }
    }
};

store::Admit Runtime::make_admission(const Delivery& delivery, Payload event, const Uid& run_uid)
    const {
    store::Admit admit;
    admit.event.uid = Uid::random();
    admit.event.flow_id = delivery.flow.row.id;
    admit.event.source = delivery.source;
    admit.event.person = delivery.person;
    admit.event.origin = delivery.origin;
    admit.event.change = delivery.name;
    admit.event.payload = std::move(event);
    admit.event.received = dependencies_.clock->now();
    RunRecord run;
    run.uid = run_uid;
    run.root_uid = run_uid;
    run.flow_id = delivery.flow.row.id;
    run.person = delivery.person;
    run.version_id = delivery.flow.row.published;
    const bool observes = dependencies_.settings->settings().mode == Mode::kObserve;
    run.effects = observes ? model::Effects::kMuted : delivery.effects;
    run.status = model::Status::kRunning;  // this process takes it at once
    run.lease_epoch = 1;
    run.created = admit.event.received;
    run.started = run.created;
    admit.run = std::move(run);
    secure(admit, secured_by(delivery.flow));
    return admit;
}

// Thread: the first shard's.
store::Admit Runtime::make_admission(const store::FanOutRow& event, const Payload& item) {
    Delivery delivery;
    delivery.flow.row.id = event.flow_id;
    delivery.flow.row.published = event.version_id;
    delivery.source = event.source;
    delivery.person = event.person;
    store::Admit admit = make_admission(delivery, item, Uid::random());
    const auto version = dependencies_.catalog->version(event.version_id);
    if (!version) {
        // It may have kept its events.
        secure(admit, model::Secured::kBoth);
        fail_run(admit, version.error());
        return admit;
    }
    secure(admit, (*version)->declaration.secured);
    take_turn_or_fail(admit, (*version)->concurrency, shards_.front()->keys_of(**version, item));
    if (admit.turn) {
        admit.turn->split_event = event.event_id;
    }
    return admit;
}

// An event that starts nothing.
store::Admit Runtime::make_event(const Delivery& delivery, EventStatus status, std::string reason)
    const {
    store::Admit admit = make_admission(delivery, delivery.event, Uid::random());
    admit.run.reset();
    admit.event.status = status;
    admit.event.reason = std::move(reason);
    return admit;
}

void Runtime::admit(Delivery delivery, std::function<void(Result<Admitted>)> done) {
    std::vector<Delivery> deliveries;
    deliveries.push_back(std::move(delivery));
    admit_all(std::move(deliveries), {}, the_only(std::move(done)));
}

// Echoes among them are only recorded.
void Runtime::admit_genuine(
    std::vector<Delivery> deliveries,
    std::vector<store::Command> beside,
    std::function<void(Result<std::vector<Admitted>>)> done
) {
    if (deliveries.empty()) {
        submit_admission({}, std::move(beside), std::move(done));
        return;
    }
    const FlowEntry& flow = deliveries.front().flow;
    if (!takes(deliveries.front())) {
        Error error = flow_is_off(flow);
        for (const Delivery& delivery : deliveries) {
            record_refusal(flow, delivery.source, delivery.event, error.message);
        }
        done(fail(std::move(error)));
        return;
    }
    if (flow.published->concurrency && !is_muted(deliveries.front())) {
        done = unless_full(deliveries, beside, std::move(done));
    }
    if (!has_trigger_functions(flow.published->declaration)) {
        const std::vector<Result<TriggerDecision>> decisions(deliveries.size());
        submit_admission(arrivals_of(deliveries, decisions), std::move(beside), std::move(done));
        return;
    }
    auto version = flow.published;
    std::vector<Payload> events;
    for (const Delivery& delivery : deliveries) {
        events.push_back(delivery.event);
    }
    shards_.front()->evaluate_trigger(
        std::move(version),
        std::move(events),
        [this,
         deliveries = std::move(deliveries),
         beside = std::move(beside),
         done = std::move(done)](const std::vector<Result<TriggerDecision>>& decisions) mutable {
            submit_admission(
                arrivals_of(deliveries, decisions), std::move(beside), std::move(done)
            );
        }
    );
}

Runtime::Arrivals Runtime::arrivals_of(
    const std::vector<Delivery>& deliveries, const std::vector<Result<TriggerDecision>>& decisions
) const {
    Arrivals arrivals;
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
        arrivals.add(decided(deliveries[i], decisions[i]));
    }
    if (const auto& concurrency = deliveries.front().flow.published->concurrency) {
        arrivals.require_room(concurrency->waiting);
    }
    return arrivals;
}

// What becomes of events that find the line full.
Runtime::AllAdmitted Runtime::unless_full(
    const std::vector<Delivery>& deliveries,
    const std::vector<store::Command>& beside,
    AllAdmitted done
) {
    return [this, deliveries, beside, done = std::move(done)](Result<std::vector<Admitted>> admitted
           ) mutable {
        if (admitted || admitted.error().code != kLineIsFull) {
            done(std::move(admitted));
            return;
        }
        const FlowEntry& flow = deliveries.front().flow;
        Error error = line_is_full(flow);
        // The clock does not come again.
        const bool skips = flow.published->concurrency->when_full == model::WhenFull::kSkip ||
                           flow.published->declaration.trigger == "recurrence";
        if (skips) {
            skip_all(deliveries, std::move(beside), error.message, std::move(done));
            return;
        }
        if (beside.empty()) {
            for (const Delivery& delivery : deliveries) {
                record_refusal(flow, delivery.source, delivery.event, error.message);
            }
        }
        done(fail(std::move(error)));
    };
}

// Taken, with what belongs to them, and nothing is started.
void Runtime::skip_all(
    const std::vector<Delivery>& deliveries,
    std::vector<store::Command> beside,
    const std::string& reason,
    AllAdmitted done
) {
    Arrivals arrivals;
    for (const Delivery& delivery : deliveries) {
        arrivals.add({make_event(delivery, EventStatus::kRefused, reason)});
    }
    submit_admission(std::move(arrivals), std::move(beside), std::move(done));
}

std::vector<store::Admit> Runtime::decided(
    const Delivery& delivery, const Result<TriggerDecision>& decision
) const {
    if (delivery.writer) {
        return {make_event(delivery, EventStatus::kDropped, "echo: " + *delivery.writer)};
    }
    if (decision && !decision->is_met) {
        return {make_event(
            delivery, EventStatus::kConditionUnmet, "The trigger's condition was not met."
        )};
    }
    if (decision && decision->items) {
        return split(delivery, *decision);
    }
    store::Admit admit =
        make_admission(delivery, delivery.event, delivery.run_uid.value_or(Uid::random()));
    if (!decision) {
        fail_run(admit, decision.error());
    } else {
        const auto& key = decision->dedupe_key ? decision->dedupe_key : delivery.dedupe_key;
        if (key) {
            admit.event.dedupe_key = *key;
            admit.dedupe_expires = admit.event.received + kDedupeWindow;
        }
        // What changes nothing waits for nobody.
        admit.turn = is_muted(delivery)
                         ? std::nullopt
                         : turn_of(delivery.flow.published->concurrency, decision->keys);
    }
    return {std::move(admit)};
}

// A run for each item: at once, or, where they are too many for one commit, by a fan-out.
std::vector<store::Admit> Runtime::split(const Delivery& delivery, const TriggerDecision& decision)
    const {
    const std::vector<Payload>& items = *decision.items;
    const auto& concurrency = delivery.flow.published->concurrency;
    const auto& key = decision.dedupe_key ? decision.dedupe_key : delivery.dedupe_key;
    const auto set_key = [&key](store::Admit& admit, const std::string& ending) {
        admit.event.change.version += ending;
        admit.event.change.state.clear();
        if (key) {
            admit.event.dedupe_key = *key + ending;
            admit.dedupe_expires = admit.event.received + kDedupeWindow;
        }
    };
    if (!items.empty() && static_cast<std::int64_t>(items.size()) <= limits::kFanOutChunk) {
        std::vector<store::Admit> out;
        for (const Payload& item : items) {
            out.push_back(make_admission(delivery, item, Uid::random()));
            take_turn_or_fail(out.back(), concurrency, decision.item_keys[out.size() - 1]);
            set_key(out.back(), "#" + std::to_string(out.size()));
        }
        return out;
    }
    if (items.empty()) {
        return {make_event(delivery, EventStatus::kConditionUnmet, "split_on gave no items.")};
    }
    store::Admit admit = make_event(
        delivery, EventStatus::kAccepted, "Split into " + std::to_string(items.size()) + " runs."
    );
    admit.split = store::Admit::Split{
        join_items(items), static_cast<std::int64_t>(items.size()), delivery.flow.row.published};
    admit.turn = turn_of(concurrency, {});
    set_key(admit, "");
    return {std::move(admit)};
}

void Runtime::submit_admission(
    Arrivals arrivals,
    std::vector<store::Command> beside,
    std::function<void(Result<std::vector<Admitted>>)> done
) {
    store::Batch batch;
    for (const store::Admit& admit : arrivals.admits) {
        batch.commands.emplace_back(admit);
    }
    std::ranges::move(beside, std::back_inserter(batch.commands));
    dependencies_.store->submit(
        std::move(batch),
        [this,
         arrivals = std::move(arrivals),
         done = std::move(done)](Result<std::vector<store::Outcome>> result) mutable {
            if (!result) {
                done(fail(std::move(result.error())));
                return;
            }
            const std::span admits(arrivals.admits);
            const std::span<const store::Outcome> outcomes(*result);
            std::vector<Admitted> admitted;
            std::size_t begin = 0;
            for (const std::size_t end : arrivals.ends) {
                admitted.push_back(take_up(
                    admits.subspan(begin, end - begin), outcomes.subspan(begin, end - begin)
                ));
                begin = end;
            }
            done(std::move(admitted));
        }
    );
}

// One delivery is durable: its runs start.
Admitted Runtime::take_up(
    std::span<store::Admit> admits, std::span<const store::Outcome> outcomes
) {
    Admitted admitted;
    admitted.event_uid = admits.front().event.uid;
    admitted.status = admits.front().event.status;
    admitted.reason = admits.front().event.reason;
    for (std::size_t i = 0; i < admits.size(); ++i) {
        const store::Outcome& outcome = outcomes[i];
        if (outcome.is_duplicate) {
            admitted.status = EventStatus::kDuplicate;
            admitted.reason = "The same event was accepted before.";
            if (!outcome.run_uid.is_none()) {
                admitted.runs.push_back(outcome.run_uid);
            }
            continue;
        }
        if (admits[i].run) {
            admitted.runs.push_back(outcome.run_uid);
        }
        adopt(std::move(admits[i]), outcome);
    }
    return admitted;
}

void Runtime::adopt(store::Admit admit, const store::Outcome& outcome) {
    for (const model::RunId run : outcome.turns) {
        dispatch(run);
    }
    if (admit.split) {
        store::FanOutRow event;
        event.event_id = outcome.id;
        event.flow_id = admit.event.flow_id;
        event.version_id = admit.split->version_id;
        event.count = admit.split->count;
        event.source = admit.event.source;
        event.person = admit.event.person;
        go_on_with_fan_out(std::move(event));
        return;
    }
    if (!admit.run || model::is_final(admit.run->status)) {
        return;
    }
    if (outcome.waits) {
        note_waiting(std::move(*admit.run), outcome);
        return;
    }
    if (needs_origin(*admit.run)) {
        dispatch(outcome.run_id);
        return;
    }
    admit.run->id = outcome.run_id;
    admit.run->event_id = outcome.id;
    lock_holder(*admit.run);
    shard_of(outcome.run_id).adopt(std::move(*admit.run), admit.event.payload);
}

// The end of another run starts it.
void Runtime::note_waiting(RunRecord run, const store::Outcome& outcome) {
    const bool is_coalesced = run.uid != outcome.run_uid;
    if (is_coalesced) {
        return;
    }
    run.id = outcome.run_id;
    run.status = model::Status::kWaiting;
    run.started.reset();
    changed(run);
}

void Runtime::go_on_with_fan_out(store::FanOutRow event) {
    readers_.run([this, event = std::move(event)](store::Reader& reader) {
        auto items = items_of_fan_out(reader, event.event_id);
        if (!items) {
            dependencies_.log->error(
                "the items of a split event cannot be read",
                {{"event", event.event_id}, {"error", items.error().text()}}
            );
            return;
        }
        fan_out_->begin(event, std::move(*items));
    });
}

bool Runtime::has_room() const {
    std::size_t runs = 0;
    for (const auto& shard : shards_) {
        runs += shard->runs_in_memory();
    }
    return runs < limits::kRunsInMemoryPerShardMax * shards_.size();
}

void Runtime::record(
    const FlowEntry& flow, std::string source, EventStatus status, Payload event, std::string reason
) {
    store::Admit admit;
    admit.event.uid = Uid::random();
    admit.event.flow_id = flow.row.id;
    admit.event.source = std::move(source);
    admit.event.status = status;
    admit.event.reason = std::move(reason);
    admit.event.payload = std::move(event);
    admit.event.received = dependencies_.clock->now();
    secure(admit, secured_by(flow));
    dependencies_.store->submit(
        {{std::move(admit)}}, [](const Result<std::vector<store::Outcome>>&) {}
    );
}

void Runtime::record_refusal(
    const FlowEntry& flow, std::string source, Payload event, std::string reason
) {
    record(flow, std::move(source), EventStatus::kRefused, std::move(event), std::move(reason));
}

void Runtime::record_failure(const FlowEntry& flow, std::string source, const Error& error) {
    const Json event = {{"code", error.code}, {"message", error.message}};
    record(flow, std::move(source), EventStatus::kFailed, to_payload(event), error.text());
}

// How many runs there are at a time is the flow's, whichever version runs. A person asked for these
// runs: they wait however many do, and no other event takes their place.
void Runtime::admit_again(
    std::vector<PreparedRun> runs,
    std::vector<store::Command> beside,
    std::function<void(Result<std::vector<Admitted>>)> done
) {
    shards_.front()->loop().post([this,
                                  runs = std::move(runs),
                                  beside = std::move(beside),
                                  done = std::move(done)]() mutable {
        Arrivals arrivals;
        for (PreparedRun& run : runs) {
            Result<RunKeys> keys = shards_.front()->keys_of(*run.version, run.admit.event.payload);
            if (keys) {
                keys->coalesce.clear();
            }
            take_turn_or_fail(run.admit, run.concurrency, keys);
            arrivals.add({std::move(run.admit)});
        }
        submit_admission(std::move(arrivals), std::move(beside), std::move(done));
    });
}

}  // namespace tideway::runtime
