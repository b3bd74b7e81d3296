#include "engine/runtime/history/tracked_values.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/limits.h"

namespace tideway::runtime {

std::vector<model::TrackedValue> tracked_values_of(const Payload& object) {
    std::vector<model::TrackedValue> out;
    const auto parsed = parse_json(object.view(), "tracked values");
    if (!parsed || !parsed->is_object()) {
        return out;
    }
    for (const auto& [name, value] : parsed->items()) {
        out.push_back({name, value.is_string() ? value.get<std::string>() : dump(value)});
    }
    return out;
}

std::optional<model::StepError> TrackedValues::refusal(
    const std::vector<model::TrackedValue>& values
) const {
    std::set<model::TrackedValue> all = known_;
    all.insert(values.begin(), values.end());
    if (all.size() <= static_cast<std::size_t>(limits::kTrackedValuesMax)) {
        return std::nullopt;
    }
    model::StepError error;
    error.code = "TooManyTrackedValues";
    error.message = "The run tracks " + std::to_string(known_.size()) +
                    " values already; at most " + std::to_string(limits::kTrackedValuesMax) +
                    " are kept.";
    error.remedy = "Track what people search by; a loop over many records tracks in child flows.";
    return error;
}

void TrackedValues::remember(const std::vector<model::TrackedValue>& values) {
    known_.insert(values.begin(), values.end());
}

void TrackedValues::add(const std::vector<model::TrackedValue>& values) {
    std::ranges::copy_if(values, std::back_inserter(unflushed_), [this](const auto& value) {
        return known_.insert(value).second;
    });
}

std::vector<model::TrackedValue> TrackedValues::take_unflushed() {
    return std::exchange(unflushed_, {});
}

}  // namespace tideway::runtime
