#include "engine/runtime/triggers/polling_trigger.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kRetryInterval = std::chrono::seconds(1);

std::optional<Duration> seconds_at(const Json& answer, std::string_view key) {
    if (const auto seconds = int_or(answer, key, -1); seconds >= 0) {
        return std::max<Duration>(std::chrono::seconds(seconds), kRetryInterval);
    }
    return std::nullopt;
}

Error unreadable(const std::string& trigger) {
    Error error;
    error.kind = ErrorKind::kInternal;
    error.code = "PollUnreadable";
    error.message = "The connector's answer to a poll of " + trigger + " has no events or cursor.";
    error.remedy = "This is a mistake of the connector.";
    return error;
}

}  // namespace

PollingTrigger::PollingTrigger(
    const TriggerServices& services, const FlowEntry& flow, PollPlan plan
)
    : TimedTrigger(
          services,
          flow,
          plan.origin == model::EventOrigin::kCatchUp ? Duty::kLooksAfter : Duty::kBringsEvents
      ),
      plan_(std::move(plan)),
      anchor_(model::anchor_of(plan_.schedule, services.clock->now())) {}

void PollingTrigger::start() {
    wait_until(std::nullopt);
    services_.runtime->readers().run([flow = flow_.row.id,
                                      done = back(&PollingTrigger::loaded)](store::Reader& reader) {
        done(reader.trigger_state(flow));
    });
}

void PollingTrigger::loaded(State state) {
    if (!state) {
        went_wrong(std::move(state.error()));
        return;
    }
    is_loaded_ = true;
    stored_ = *state ? (*state)->cursor : Payload();
    const auto kept = parse_json(stored_.empty() ? "null" : stored_.view(), "cursor");
    cursor_ = kept ? *kept : Json();
    wait_until(services_.clock->now());
}

void PollingTrigger::act(Timestamp now) {
    if (!is_loaded_) {
        start();
        return;
    }
    wait_until(std::nullopt);
    const model::FlowDeclaration& declared = flow_.published->declaration;
    auto found = services_.activation->connection_of_trigger(flow_);
    if (!found) {
        went_wrong(std::move(found.error()));
        return;
    }
    const auto connection = std::move(*found);
    const Json settings = connection ? connection->settings : Json::object();
    // Another table or connection has another past: what is there is taken as known, once more.
    connection_ = connection ? connection->record.name : std::string();
    config_ = parse_json(declared.trigger_config.view(), "trigger").value_or(Json::object());
    rule_ = rule_of(declared.trigger, declared.trigger_config, connection_);
    connector::Poll poll;
    if (string_or(cursor_, "rule") == rule_) {
        poll.cursor = cursor_.value("cursor", Json());
    }
    poll.config = config_;
    poll.settings = settings;
    poll.now = now;
    poll.events_max = limits::kPollEventsMax;
    auto exchange = plan_.asked.implementation->poll(*plan_.asked.spec, poll);
    if (!exchange) {
        went_wrong(unreadable(declared.trigger));
        return;
    }
    const auto policy = plan_.asked.implementation->network_policy(settings);
    services_.driver->drive(std::move(exchange), connection, policy, back(&PollingTrigger::polled));
}

void PollingTrigger::polled(ExchangeDriver::Outcome outcome) {
    if (auto* failed = std::get_if<connector::Failed>(&outcome)) {
        went_wrong(std::move(failed->error));
        return;
    }
    if (auto taken = take(std::get<connector::Done>(outcome).output); !taken) {
        went_wrong(std::move(taken.error()));
    }
}

Status PollingTrigger::take(const Payload& output) {
    const std::string& source = flow_.published->declaration.trigger;
    TIDEWAY_TRY_ASSIGN(const Json answer, parse_json(output.view(), "the answer to a poll"));
    const Json* events = find(answer, "events");
    const Json* cursor = find(answer, "cursor");
    if (events == nullptr || !events->is_array() || cursor == nullptr) {
        return fail(unreadable(source));
    }
    std::vector<Delivery> deliveries;
    for (const Json& event : *events) {
        Delivery delivery;
        delivery.flow = flow_;
        delivery.source = source;
        const Json what = event.value("event", Json());
        delivery.event = to_payload(what);
        delivery.change = read_change(*plan_.asked.spec, connection_, config_, what);
        delivery.origin = plan_.origin;
        if (const std::string key = string_or(event, "dedupe_key"); !key.empty()) {
            delivery.dedupe_key = key;
        }
        if (plan_.origin != model::EventOrigin::kBrought) {
            delivery.name = read_change_name(event);
        }
        deliveries.push_back(std::move(delivery));
    }
    has_more_ = bool_or(answer, "has_more", false);
    next_in_ = seconds_at(answer, "next_in_s");
    not_before_ = seconds_at(answer, "not_before_s");
    next_cursor_ = {{"rule", rule_}, {"cursor", *cursor}};
    next_ = to_payload(next_cursor_);
    if (deliveries.empty() && next_.view() == stored_.view()) {
        went_well();
        return {};
    }
    services_.runtime->admit_all(
        std::move(deliveries),
        {store::MoveCursor{flow_.row.id, stored_, next_}},
        back(&PollingTrigger::committed)
    );
    return {};
}

void PollingTrigger::committed(Admissions admitted) {
    if (!admitted) {
        is_loaded_ = false;  // where it stands is read again
        went_wrong(std::move(admitted.error()));
        return;
    }
    stored_ = next_;
    cursor_ = next_cursor_;
    went_well();
}

void PollingTrigger::went_well() {
    succeeded();
    const Timestamp now = services_.clock->now();
    if (has_more_) {
        wait_until(now);
        return;
    }
    if (next_in_) {
        wait_until(now + *next_in_);
        return;
    }
    const auto next = model::next_firings(plan_.schedule, anchor_, now, 1);
    if (next.empty()) {
        wait_until(std::nullopt);
        return;
    }
    wait_until(std::max(next.front(), now + not_before_.value_or(Duration(0))));
}

void PollingTrigger::went_wrong(Error error) {
    const Timestamp now = services_.clock->now();
    const auto next = model::next_firings(plan_.schedule, anchor_, now, 1);
    const Duration interval = next.empty() ? Duration(limits::kTriggerBackoffMax)
                                           : std::max(next.front() - now, kRetryInterval);
    // One that polls less often anyway keeps its interval, and so does one that only has to wait
    // until runs of its flow have ended.
    const Duration longest = error.code == kLineIsFull
                                 ? interval
                                 : std::max(interval, Duration(limits::kTriggerBackoffMax));
    failed(std::move(error), interval, longest);
}

}  // namespace tideway::runtime
