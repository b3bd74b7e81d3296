#include "engine/runtime/health/connection_budget.h"

#include <algorithm>

#include "engine/runtime/health/connection_health.h"

namespace tideway::runtime {

namespace {

// A pace that was seen for a shorter time says nothing.
constexpr Duration kPaceMin = std::chrono::seconds(10);

// The calls of the first minutes do not stand for those of a day.
constexpr Duration kDayPaceMin = std::chrono::hours(1);

std::chrono::sys_days day_of(Timestamp at) {
    return std::chrono::floor<std::chrono::days>(at);
}

}  // namespace

DayLimit day_limit(std::int64_t calls_a_day, const model::ConnectionUse& use, Timestamp now) {
    const Timestamp midnight = day_of(now);
    const std::int64_t used = use.day == day_of(now) ? use.requests : 0;
    DayLimit out;
    out.calls_a_day = calls_a_day;
    out.remaining = std::max<std::int64_t>(0, calls_a_day - used);
    if (used == 0 || now - midnight < kDayPaceMin) {
        return out;
    }
    const Timestamp at = midnight + (now - midnight) / used * calls_a_day;
    if (at < midnight + std::chrono::days(1)) {
        out.used_up_at = at;
    }
    return out;
}

void ConnectionBudget::note(
    int http_status, const std::optional<connector::Quota>& quota, Timestamp now
) {
    use_ = use(now);
    ++use_.requests;
    use_.throttled += blame_of(http_status) == Blame::kThrottled ? 1 : 0;
    if (!quota) {
        return;
    }
    const bool has_grown = last_ && quota->remaining > last_->quota.remaining;
    if (!first_ || has_grown || now - first_->at >= quota->window) {
        first_ = Sample{*quota, now};
    }
    last_ = Sample{*quota, now};
}

model::ConnectionUse ConnectionBudget::use(Timestamp now) const {
    const auto today = day_of(now);
    return use_.day == today ? use_ : model::ConnectionUse{today, 0, 0};
}

std::optional<connector::Quota> ConnectionBudget::quota(Timestamp now) const {
    if (!last_ || now - last_->at >= last_->quota.window) {
        return std::nullopt;
    }
    return last_->quota;
}

std::optional<Timestamp> ConnectionBudget::used_up_at(Timestamp now) const {
    if (!quota(now) || last_->at - first_->at < kPaceMin) {
        return std::nullopt;
    }
    const auto used = first_->quota.remaining - last_->quota.remaining;
    if (used <= 0) {
        return std::nullopt;
    }
    const Duration left = (last_->at - first_->at) / used * last_->quota.remaining;
    const Timestamp at = last_->at + left;
    // Until then the window has moved on and given back what was used first.
    const bool lasts = at >= first_->at + last_->quota.window;
    return lasts ? std::nullopt : std::optional(at);
}

}  // namespace tideway::runtime
