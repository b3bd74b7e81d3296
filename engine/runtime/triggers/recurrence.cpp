#include "engine/runtime/triggers/recurrence.h"

#include <deque>
#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kMoment{1};

// Firings up to `now` that were missed: how many, and the last ones.
struct Missed {
    std::int64_t count = 0;
    std::deque<Timestamp> last;
};

Missed missed_firings(
    const model::Schedule& schedule, const RecurrenceCursor& cursor, Timestamp until
) {
    Missed out;
    Timestamp after = cursor.last;
    while (after < until) {
        const auto next =
            model::next_firings(schedule, cursor.anchor, after, limits::kMissedFiringsMax);
        for (const Timestamp at : next) {
            if (at >= until) {
                return out;
            }
            ++out.count;
            out.last.push_back(at);
            if (out.last.size() > limits::kMissedFiringsMax) {
                out.last.pop_front();
            }
        }
        if (next.empty()) {
            return out;
        }
        after = next.back();
    }
    return out;
}

}  // namespace

RecurrenceCursor begin_recurrence(
    const model::Schedule& schedule, std::string rule, Timestamp now
) {
    const Timestamp anchor = model::anchor_of(schedule, now);
    // Without a start the anchor itself is the first firing; with one, what is past is past.
    return {std::move(rule), anchor, (schedule.start ? now : anchor) - kMoment};
}

std::optional<RecurrenceCursor> read_recurrence(const Payload& cursor, std::string_view rule) {
    const auto json = parse_json(cursor.empty() ? "null" : cursor.view(), "cursor");
    if (!json || string_or(*json, "rule") != rule) {
        return std::nullopt;
    }
    const auto anchor = parse_utc(string_or(*json, "anchor"));
    const auto last = parse_utc(string_or(*json, "last"));
    if (!anchor || !last) {
        return std::nullopt;
    }
    return RecurrenceCursor{std::string(rule), *anchor, *last};
}

Payload to_payload(const RecurrenceCursor& cursor) {
    return tideway::to_payload(Json{
        {"rule", cursor.rule},
        {"anchor", format_utc(cursor.anchor)},
        {"last", format_utc(cursor.last)}});
}

DueFirings due_firings(
    const model::Schedule& schedule, const RecurrenceCursor& cursor, Timestamp now
) {
    DueFirings out;
    out.last = cursor.last;
    const Timestamp in_time = now - limits::kFiringGrace;
    const Missed missed = missed_firings(schedule, cursor, in_time);
    if (missed.count > 0) {
        out.last = missed.last.back();
    }
    if (missed.count > 0 && schedule.after_downtime == model::AfterDowntime::kOnce) {
        out.firings.push_back({missed.last.back(), missed.count - 1});
    }
    if (schedule.after_downtime == model::AfterDowntime::kAll) {
        for (const Timestamp at : missed.last) {
            out.firings.push_back({at, 0});
        }
    }
    // At most one a second.
    const auto count = static_cast<std::size_t>(limits::kFiringGrace.count()) + 1;
    for (const Timestamp at : model::next_firings(schedule, cursor.anchor, out.last, count)) {
        if (at >= in_time && at <= now) {
            out.firings.push_back({at, 0});
            out.last = at;
        }
    }
    return out;
}

std::optional<Timestamp> next_firing(
    const model::Schedule& schedule, const RecurrenceCursor& cursor
) {
    const auto next = model::next_firings(schedule, cursor.anchor, cursor.last, 1);
    return next.empty() ? std::nullopt : std::optional(next.front());
}

Result<std::optional<model::Schedule>> declared_schedule(
    const model::FlowDeclaration& declared, const model::TriggerSpec* polling
) {
    const bool is_recurrence = declared.trigger == "recurrence";
    const bool polls = polling != nullptr && polling->kind == "polling";
    if (!is_recurrence && !polls) {
        return std::optional<model::Schedule>();
    }
    TIDEWAY_TRY_ASSIGN(const Json config, parse_json(declared.trigger_config.view(), "trigger"));
    const Json* rule = is_recurrence ? &config : find(config, "recurrence");
    if (rule != nullptr) {
        TIDEWAY_TRY_ASSIGN(auto schedule, model::parse_schedule(*rule));
        return std::optional(std::move(schedule));
    }
    return std::optional(every(polling->poll_interval));
}

model::Schedule every(Duration interval) {
    model::Schedule schedule;
    schedule.frequency = model::Frequency::kSecond;
    schedule.interval = static_cast<int>(interval / std::chrono::seconds(1));
    return schedule;
}

std::vector<Timestamp> upcoming_firings(
    const model::Schedule& schedule,
    const std::optional<RecurrenceCursor>& cursor,
    Timestamp now,
    std::size_t count
) {
    const RecurrenceCursor from = cursor ? *cursor : begin_recurrence(schedule, {}, now);
    return model::next_firings(schedule, from.anchor, from.last, count);
}

Json describe_firings(const model::Schedule& schedule, const std::vector<Timestamp>& firings) {
    Json out = Json::array();
    for (const Timestamp at : firings) {
        out.push_back({{"at", format_utc(at)}, {"local", model::local_time(schedule, at)}});
    }
    return out;
}

Payload firing_event(const model::Schedule& schedule, const Firing& firing) {
    return tideway::to_payload(Json{
        {"scheduledTime", format_utc(firing.scheduled)},
        {"localTime", model::local_time(schedule, firing.scheduled)},
        {"timeZone", schedule.time_zone},
        {"missed", firing.missed}});
}

}  // namespace tideway::runtime
