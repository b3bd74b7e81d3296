// Runtime: events on their way in. What the trigger's own functions say of them is decided first;
// then the event, its runs and what else belongs to them are one commit.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/limits.h"
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
};

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

store::Admit Runtime::make_admission(const store::FanOutRow& event, const Payload& item) const {
    Delivery delivery;
    delivery.flow.row.id = event.flow_id;
    delivery.flow.row.published = event.version_id;
    delivery.source = event.source;
    return make_admission(delivery, item, Uid::random());
}

void Runtime::admit(Delivery delivery, std::function<void(Result<Admitted>)> done) {
    std::vector<Delivery> deliveries;
    deliveries.push_back(std::move(delivery));
    admit_all(std::move(deliveries), {}, the_only(std::move(done)));
}

void Runtime::admit_all(
    std::vector<Delivery> deliveries,
    std::vector<store::Command> beside,
    std::function<void(Result<std::vector<Admitted>>)> done
) {
    if (deliveries.empty()) {
        submit_admission({}, std::move(beside), std::move(done));
        return;
    }
    const FlowEntry& flow = deliveries.front().flow;
    if (flow.row.state != model::FlowState::kOn || !flow.published) {
        Error error = flow_is_off(flow);
        for (const Delivery& delivery : deliveries) {
            record_refusal(flow, delivery.source, delivery.event, error.message);
        }
        done(fail(std::move(error)));
        return;
    }
    const model::FlowDeclaration& declared = flow.published->declaration;
    const bool has_functions =
        declared.has_condition || declared.has_dedupe_by || declared.has_split_on;
    if (!has_functions) {
        Arrivals arrivals;
        for (const Delivery& delivery : deliveries) {
            arrivals.add(decided(delivery, TriggerDecision()));
        }
        submit_admission(std::move(arrivals), std::move(beside), std::move(done));
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
            Arrivals arrivals;
            for (std::size_t i = 0; i < deliveries.size(); ++i) {
                arrivals.add(decided(deliveries[i], decisions[i]));
            }
            submit_admission(std::move(arrivals), std::move(beside), std::move(done));
        }
    );
}

std::vector<store::Admit> Runtime::decided(
    const Delivery& delivery, const Result<TriggerDecision>& decision
) const {
    if (decision && decision->is_met && decision->items) {
        return split(delivery, *decision);
    }
    store::Admit admit =
        make_admission(delivery, delivery.event, delivery.run_uid.value_or(Uid::random()));
    if (!decision) {
        // Acknowledged and kept: a failed run that can be resubmitted once the script is right.
        model::StepError error;
        error.code = decision.error().code;
        error.message = "A function of the trigger failed: " + decision.error().text();
        admit.run->status = model::Status::kFailed;
        admit.run->code = "ActionFailed";
        admit.run->error = model::to_payload(error);
        admit.run->ended = admit.run->created;
    } else if (!decision->is_met) {
        admit.run.reset();
        admit.event.status = EventStatus::kConditionUnmet;
        admit.event.reason = "The trigger's condition was not met.";
    } else if (const auto& key = decision->dedupe_key ? decision->dedupe_key : delivery.dedupe_key) {
        admit.event.dedupe_key = *key;
        admit.dedupe_expires = admit.event.received + kDedupeWindow;
    }
    return {std::move(admit)};
}

// A run for each item: at once, or, where they are too many for one commit, by a fan-out.
std::vector<store::Admit> Runtime::split(const Delivery& delivery, const TriggerDecision& decision)
    const {
    const std::vector<Payload>& items = *decision.items;
    const auto& key = decision.dedupe_key ? decision.dedupe_key : delivery.dedupe_key;
    const auto set_key = [&key](store::Admit& admit, const std::string& ending) {
        if (key) {
            admit.event.dedupe_key = *key + ending;
            admit.dedupe_expires = admit.event.received + kDedupeWindow;
        }
    };
    if (!items.empty() && static_cast<std::int64_t>(items.size()) <= limits::kFanOutChunk) {
        std::vector<store::Admit> out;
        for (const Payload& item : items) {
            out.push_back(make_admission(delivery, item, Uid::random()));
            set_key(out.back(), "#" + std::to_string(out.size()));
        }
        return out;
    }
    store::Admit admit = make_admission(delivery, delivery.event, Uid::random());
    admit.run.reset();
    if (items.empty()) {
        admit.event.status = EventStatus::kConditionUnmet;
        admit.event.reason = "split_on gave no items.";
        return {std::move(admit)};
    }
    admit.event.reason = "Split into " + std::to_string(items.size()) + " runs.";
    admit.split = store::Admit::Split{
        join_items(items), static_cast<std::int64_t>(items.size()), delivery.flow.row.published};
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
            admitted.runs.push_back(admits[i].run->uid);
        }
        adopt(std::move(admits[i]), outcome);
    }
    return admitted;
}

void Runtime::adopt(store::Admit admit, const store::Outcome& outcome) {
    if (admit.split) {
        store::FanOutRow event;
        event.event_id = outcome.id;
        event.flow_id = admit.event.flow_id;
        event.version_id = admit.split->version_id;
        event.count = admit.split->count;
        event.source = admit.event.source;
        go_on_with_fan_out(std::move(event));
        return;
    }
    if (!admit.run || model::is_final(admit.run->status)) {
        return;
    }
    admit.run->id = outcome.run_id;
    admit.run->event_id = outcome.id;
    lock_holder(*admit.run);
    shard_of(outcome.run_id).adopt(std::move(*admit.run), admit.event.payload);
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
        Arrivals arrivals;
        arrivals.add({std::move(admit)});
        submit_admission(std::move(arrivals), {}, the_only(std::move(done)));
    });
}

}  // namespace tideway::runtime
