// What a trigger says about how many runs of its flow there are at a time.
#pragma once

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::model {

// What becomes of an event that would have to wait when the line is full.
enum class WhenFull {
    kRefuse,  // its sender is told to come again
    kSkip,    // it is recorded as refused; its sender is told that it was taken
};

struct Concurrency {
    int runs = 25;     // under way at a time
    int waiting = 35;  // for one of those to end; the default is ten more than `runs`
    WhenFull when_full = WhenFull::kRefuse;
};

// { runs = 1..100, waiting = 0..100000, when_full = "refuse" | "skip" }, each optional.
Result<Concurrency> parse_concurrency(const Json& value);

}  // namespace tideway::model
