#include "engine/model/concurrency.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"

namespace tideway::model {
namespace {

constexpr int kDefaultWaitingBesideRuns = 10;

tl::unexpected<Error> bad_concurrency(std::string_view what) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidFlowSetting",
        "The trigger's concurrency " + std::string(what) + ".",
        "Write, for example, concurrency = { runs = 25, waiting = 35 }."
    );
}

Result<int> number_of(const Json& value, std::string_view key, int fallback, int lowest, int most) {
    const Json* field = find(value, key);
    if (field == nullptr || field->is_null()) {
        return fallback;
    }
    const bool is_right = field->is_number_integer() && field->get<std::int64_t>() >= lowest &&
                          field->get<std::int64_t>() <= most;
    if (!is_right) {
        return bad_concurrency(
            "has " + std::string(key) + " = " + dump(*field) + "; it must be a whole number from " +
            std::to_string(lowest) + " to " + std::to_string(most)
        );
    }
    return field->get<int>();
}

Status check_keys(const Json& value) {
    if (!value.is_object()) {
        return bad_concurrency("must be a table");
    }
    constexpr std::array<std::string_view, 3> kKnown{"runs", "waiting", "when_full"};
    for (const auto& [key, field] : value.items()) {
        if (std::ranges::find(kKnown, key) == kKnown.end()) {
            return bad_concurrency(
                "has no field '" + key + "'; it has runs, waiting and when_full"
            );
        }
    }
    return {};
}

}  // namespace

Result<Concurrency> parse_concurrency(const Json& value) {
    TIDEWAY_TRY(check_keys(value));
    Concurrency out;
    TIDEWAY_TRY_ASSIGN(
        out.runs, number_of(value, "runs", out.runs, 1, limits::kConcurrencyRunsMax)
    );
    TIDEWAY_TRY_ASSIGN(
        out.waiting,
        number_of(
            value, "waiting", kDefaultWaitingBesideRuns + out.runs, 0, limits::kWaitingRunsMax
        )
    );
    const Json* when_full = find(value, "when_full");
    if (when_full == nullptr || *when_full == "refuse") {
        return out;
    }
    if (*when_full != "skip") {
        return bad_concurrency(
            "has when_full = " + dump(*when_full) + "; it must be \"refuse\" or \"skip\""
        );
    }
    out.when_full = WhenFull::kSkip;
    return out;
}

}  // namespace tideway::model
