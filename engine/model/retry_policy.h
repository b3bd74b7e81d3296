// When a step that was not done is tried again: Power Automate's policies.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace tideway::model {

enum class RetryKind { kNone, kFixed, kExponential };

struct RetryPolicy {
    RetryKind kind = RetryKind::kExponential;
    int count = 4;  // retries after the first attempt, 0..90
    Duration interval = std::chrono::milliseconds(7500);
    Duration minimum = std::chrono::seconds(5);
    Duration maximum = std::chrono::seconds(45);
};

// {type="exponential", count=4, interval="PT7S", minimum="PT5S", maximum="PT1H"}; type may be
// "default", "none", "fixed" or "exponential".
Result<RetryPolicy> parse_retry_policy(const Json& value);

// The wait before retry `retry` (1 is the first), or nothing when the policy is used up. `random`
// is a number in [0,1). Exponential: uniform in [max((n-1)-th bound, minimum), min(n-th bound,
// maximum)] with lower bounds 0,1,2,4,... and upper bounds 1,2,4,8,... times the interval. A
// server's own Retry-After replaces the policy's wait.
std::optional<Duration> delay_before(
    const RetryPolicy& policy, int retry, double random, std::optional<Duration> retry_after
);

// How long something may take: a duration or a number of seconds, more than none.
Result<Duration> parse_time_limit(const Json& value);

// "PT7.5S", "P1D", "PT1H30M": ISO 8601 durations without years and months. Also plain seconds.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace tideway::model
