// What was sent over a connection today, what the service says is left, and when that will be used
// up at the present pace. Pure: the caller brings the time.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/connector/connector.h"
#include "engine/model/connection.h"

namespace tideway::runtime {

// How many calls a day (UTC) may be sent over a connection, as an administrator knows it from a
// contract. Nothing stops where it ends.
struct DayLimit {
    std::int64_t calls_a_day = 0;
    std::int64_t remaining = 0;           // never below 0
    std::optional<Timestamp> used_up_at;  // at the pace of the day so far; absent: not today
};

DayLimit day_limit(std::int64_t calls_a_day, const model::ConnectionUse& use, Timestamp now);

// Thread: one at a time; the owner locks.
class ConnectionBudget {
  public:
    explicit ConnectionBudget(model::ConnectionUse use = {})
        : use_(use) {}

    // An answer has come.
    void note(int http_status, const std::optional<connector::Quota>& quota, Timestamp now);

    // Of the day of `now` (UTC).
    model::ConnectionUse use(Timestamp now) const;

    // What the service said last, while its window lasts.
    std::optional<connector::Quota> quota(Timestamp now) const;

    // Absent: the quota lasts, as far as one can see.
    std::optional<Timestamp> used_up_at(Timestamp now) const;

  private:
    struct Sample {
        connector::Quota quota;
        Timestamp at;
    };

    model::ConnectionUse use_;
    std::optional<Sample> first_;  // since when the remaining number has only fallen
    std::optional<Sample> last_;
};

}  // namespace tideway::runtime
