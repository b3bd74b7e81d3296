// The values by which a run can be found, as its flow said them (track). A run says each once.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "engine/base/payload.h"
#include "engine/model/journal_row.h"
#include "engine/model/tracked_value.h"

namespace tideway::runtime {

// Those of one call: {"name": text, number, true or false}.
std::vector<model::TrackedValue> tracked_values_of(const Payload& object);

// Thread: the shard's.
class TrackedValues {
  public:
    // Why the run cannot keep these as well.
    std::optional<model::StepError> refusal(const std::vector<model::TrackedValue>& values) const;

    // Known to the store already: a replay says them again.
    void remember(const std::vector<model::TrackedValue>& values);
    void add(const std::vector<model::TrackedValue>& values);

    std::vector<model::TrackedValue> take_unflushed();

  private:
    std::set<model::TrackedValue> known_;
    std::vector<model::TrackedValue> unflushed_;
};

}  // namespace tideway::runtime
