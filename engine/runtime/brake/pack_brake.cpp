#include "engine/runtime/brake/pack_brake.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/json.h"

namespace tideway::runtime {
namespace {

constexpr Duration kCreateWindow = std::chrono::hours(1);
constexpr Duration kChangeWindow = std::chrono::minutes(10);

Json time_or_null(const std::optional<Timestamp>& at) {
    return at ? Json(format_utc(*at)) : Json();
}

}  // namespace

std::string to_text(const BrakeState& state) {
    return dump(Json{
        {"held_since", time_or_null(state.held_since)},
        {"reason", state.reason},
        {"released_until", time_or_null(state.released_until)}});
}

BrakeState parse_brake_state(std::string_view json) {
    const Json kept = parse_json(json, "brake").value_or(Json::object());
    BrakeState state;
    state.held_since = parse_utc(string_or(kept, "held_since"));
    state.reason = string_or(kept, "reason");
    state.released_until = parse_utc(string_or(kept, "released_until"));
    return state;
}

bool PackBrake::ask(PackWrite write, const BrakeSettings& settings, Timestamp now) {
    if (!settings.is_on) {
        return true;
    }
    if (state_.held_since) {
        return false;
    }
    if (state_.released_until && now < *state_.released_until) {
        return true;
    }
    while (!writes_.empty() && now - writes_.front().at >= kCreateWindow) {
        writes_.pop_front();
    }
    write.at = now;
    state_.reason = too_much(write, settings);
    if (!state_.reason.empty()) {
        state_.held_since = now;
        return false;
    }
    writes_.push_back(std::move(write));
    return true;
}

// What is too much when this write is made, too; empty: nothing.
std::string PackBrake::too_much(const PackWrite& write, const BrakeSettings& settings) const {
    const auto created =
        std::ranges::count_if(writes_, [](const PackWrite& made) { return made.creates; });
    if (write.creates && created >= settings.creates_per_hour) {
        return "more than " + std::to_string(settings.creates_per_hour) +
               " records were made within an hour";
    }
    if (write.record.empty() || !linked_) {
        return {};
    }
    std::set<std::string_view> changed{write.record};
    for (const PackWrite& made : writes_) {
        if (!made.record.empty() && write.at - made.at < kChangeWindow) {
            changed.insert(made.record);
        }
    }
    const auto most =
        std::max<std::int64_t>(limits::kBrakeChangedMin, *linked_ * settings.changed_percent / 100);
    if (std::cmp_less_equal(changed.size(), most)) {
        return {};
    }
    return "more than " + std::to_string(most) + " of " + std::to_string(*linked_) +
           " linked records were changed within ten minutes";
}

void PackBrake::withdraw(model::RunId run, std::string_view path) {
    std::erase_if(writes_, [run, path](const PackWrite& made) {
        return made.run == run && made.path == path;
    });
}

void PackBrake::release(std::optional<Timestamp> until) {
    writes_.clear();
    state_ = {};
    state_.released_until = until;
}

}  // namespace tideway::runtime
