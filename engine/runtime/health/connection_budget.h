// What was sent over a connection today, what the service says is left, and when that will be used
// up at the present pace. Pure: the caller brings the time.
#pragma once

#include <optional>

#include "engine/connector/connector.h"
#include "engine/model/connection.h"

namespace tideway::runtime {

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
