#include "engine/model/run.h"

#include <array>
#include <utility>

namespace tideway::model {
namespace {

constexpr std::array<std::pair<EventStatus, std::string_view>, 7> kEventNames{{
    {EventStatus::kAccepted, "Accepted"},
    {EventStatus::kRefused, "Refused"},
    {EventStatus::kDuplicate, "Duplicate"},
    {EventStatus::kCoalesced, "Coalesced"},
    {EventStatus::kConditionUnmet, "ConditionUnmet"},
    {EventStatus::kFailed, "Failed"},
    {EventStatus::kDropped, "Dropped"},
}};

constexpr std::array<std::pair<EffectState, std::string_view>, 6> kEffectNames{{
    {EffectState::kOpen, "Open"},
    {EffectState::kDone, "Done"},
    {EffectState::kFailed, "Failed"},
    {EffectState::kParked, "Parked"},
    {EffectState::kAdopted, "Adopted"},
    {EffectState::kSkipped, "Skipped"},
}};

constexpr std::array<std::pair<Effects, std::string_view>, 2> kEffectsNames{{
    {Effects::kLive, "live"},
    {Effects::kMuted, "muted"},
}};

constexpr std::array<std::pair<EventOrigin, std::string_view>, 3> kOriginNames{{
    {EventOrigin::kBrought, "brought"},
    {EventOrigin::kPolled, "polled"},
    {EventOrigin::kCatchUp, "catch-up"},
}};

template <typename Names, typename Value>
std::string_view name_of(const Names& names, Value value) {
    for (const auto& [candidate, name] : names) {
        if (candidate == value) {
            return name;
        }
    }
    return names.front().second;
}

template <typename Value, typename Names>
std::optional<Value> value_of(const Names& names, std::string_view text) {
    for (const auto& [value, name] : names) {
        if (name == text) {
            return value;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(EventOrigin origin) {
    return name_of(kOriginNames, origin);
}

EventOrigin parse_event_origin(std::string_view text) {
    return value_of<EventOrigin>(kOriginNames, text).value_or(EventOrigin::kBrought);
}

std::string_view to_string(EventStatus status) {
    return name_of(kEventNames, status);
}

std::optional<EventStatus> parse_event_status(std::string_view text) {
    return value_of<EventStatus>(kEventNames, text);
}

std::string_view to_string(EffectState state) {
    return name_of(kEffectNames, state);
}

std::optional<EffectState> parse_effect_state(std::string_view text) {
    return value_of<EffectState>(kEffectNames, text);
}

std::string_view to_string(Effects effects) {
    return name_of(kEffectsNames, effects);
}

std::optional<Effects> parse_effects(std::string_view text) {
    return value_of<Effects>(kEffectsNames, text);
}

}  // namespace tideway::model
