#include "engine/runtime/environment/environment.h"

#include <string>
#include <utility>

#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {
namespace {

constexpr const char* kSettingsKey = "environment_settings";

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(
        ErrorKind::kInvalidInput, "InvalidEnvironmentSetting", std::move(message), std::move(remedy)
    );
}

template <typename Value>
Result<Value> word_of(
    const std::string& what,
    const Json& given,
    std::optional<Value> (*parse)(std::string_view),
    const std::string& one,
    const std::string& other
) {
    const auto value = parse(given.is_string() ? given.get_ref<const std::string&>() : "");
    if (!value) {
        return invalid(
            "The " + what + " is " + given.dump() + ".",
            "Choose \"" + one + "\" or \"" + other + "\"."
        );
    }
    return *value;
}

Status take_number(const Json& json, const char* key, int most, int& out) {
    const Json* value = find(json, key);
    if (value == nullptr) {
        return {};
    }
    if (!value->is_number_integer() || *value < 1 || *value > most) {
        return invalid(
            "The brake's '" + std::string(key) + "' is " + value->dump() + ".",
            "Give a whole number from 1 to " + std::to_string(most) + "."
        );
    }
    out = value->get<int>();
    return {};
}

Status take_brake(const Json& json, BrakeSettings& out) {
    if (!json.is_object()) {
        return invalid("The setting 'brake' is no object.", "Give {\"is_on\": true, ...}.");
    }
    out.is_on = bool_or(json, "is_on", out.is_on);
    TIDEWAY_TRY(
        take_number(json, "creates_per_hour", limits::kBrakeCreatesMax, out.creates_per_hour)
    );
    return take_number(json, "changed_percent", 100, out.changed_percent);
}

}  // namespace

std::string_view to_string(Mode mode) {
    return mode == Mode::kObserve ? "observe" : "live";
}

std::optional<Mode> parse_mode(std::string_view text) {
    for (const Mode mode : {Mode::kLive, Mode::kObserve}) {
        if (text == to_string(mode)) {
            return mode;
        }
    }
    return std::nullopt;
}

std::string_view to_string(EventSource source) {
    return source == EventSource::kPolling ? "polling" : "webhook";
}

std::optional<EventSource> parse_event_source(std::string_view text) {
    for (const EventSource source : {EventSource::kWebhook, EventSource::kPolling}) {
        if (text == to_string(source)) {
            return source;
        }
    }
    return std::nullopt;
}

Json to_json(const EnvironmentSettings& settings) {
    return {
        {"mode", to_string(settings.mode)},
        {"event_source", to_string(settings.event_source)},
        {"brake",
         {{"is_on", settings.brake.is_on},
          {"creates_per_hour", settings.brake.creates_per_hour},
          {"changed_percent", settings.brake.changed_percent}}}};
}

Result<EnvironmentSettings> changed_settings(const EnvironmentSettings& before, const Json& json) {
    EnvironmentSettings out = before;
    for (const auto& [key, value] : json.items()) {
        if (key == "mode") {
            TIDEWAY_TRY_ASSIGN(out.mode, word_of("mode", value, parse_mode, "live", "observe"));
        } else if (key == "event_source") {
            TIDEWAY_TRY_ASSIGN(
                out.event_source,
                word_of("event source", value, parse_event_source, "webhook", "polling")
            );
        } else if (key == "brake") {
            TIDEWAY_TRY(take_brake(value, out.brake));
        } else {
            return invalid(
                "The environment has no setting '" + key + "'.",
                "See what there is: tideway environments settings"
            );
        }
    }
    return out;
}

Status Environment::load() {
    TIDEWAY_TRY_ASSIGN(const auto kept, store_.reader().meta(kSettingsKey));
    if (!kept) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(*kept, "the environment's settings"));
    TIDEWAY_TRY_ASSIGN(const EnvironmentSettings settings, changed_settings({}, json));
    const Lock lock(mutex_);
    settings_ = settings;
    return {};
}

EnvironmentSettings Environment::settings() const {
    const Lock lock(mutex_);
    return settings_;
}

Status Environment::set(const EnvironmentSettings& settings) {
    TIDEWAY_TRY(submit_blocking(store_, {{store::SetMeta{kSettingsKey, dump(to_json(settings))}}}));
    {
        const Lock lock(mutex_);
        settings_ = settings;
    }
    return listener_ ? listener_() : Status();
}

}  // namespace tideway::runtime
