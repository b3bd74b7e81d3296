// How the environment works: whether its writes take place, how events come, and when a pack is
// stopped. Set by administrators, kept in the store.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/limits.h"
#include "engine/base/threading.h"
#include "engine/store/store.h"

namespace tideway::runtime {

enum class Mode {
    kLive,
    kObserve,  // writes do not take place: runs are muted, and services are asked for events
};
std::string_view to_string(Mode mode);  // "live", "observe"
std::optional<Mode> parse_mode(std::string_view text);

// Where the events of webhook triggers come from.
enum class EventSource {
    kWebhook,  // services call; what no call brought is found by catching up
    kPolling,  // services are asked: nothing has to reach this server
};
std::string_view to_string(EventSource source);  // "webhook", "polling"
std::optional<EventSource> parse_event_source(std::string_view text);

// When the runs of a pack are held back for a person (brake/brake.h).
struct BrakeSettings {
    bool is_on = true;
    int creates_per_hour = limits::kBrakeCreatesPerHour;
    int changed_percent = limits::kBrakeChangedPercent;  // of the linked records, in ten minutes

    bool operator==(const BrakeSettings&) const = default;
};

struct EnvironmentSettings {
    Mode mode = Mode::kLive;
    EventSource event_source = EventSource::kWebhook;
    BrakeSettings brake;

    // Who observes subscribes to nothing.
    EventSource events_come_by() const {
        return mode == Mode::kObserve ? EventSource::kPolling : event_source;
    }

    bool operator==(const EnvironmentSettings&) const = default;
};

Json to_json(const EnvironmentSettings& settings);
// `json` names some of the settings; the others stay as in `before`. Code
// "InvalidEnvironmentSetting".
Result<EnvironmentSettings> changed_settings(const EnvironmentSettings& before, const Json& json);

// Thread: any.
class Environment {
  public:
    explicit Environment(store::Store& store, EnvironmentSettings settings = {})
        : store_(store),
          settings_(settings) {}

    // Reads what the store has. Blocking; before anything runs.
    Status load();

    EnvironmentSettings settings() const;

    // Blocking.
    Status set(const EnvironmentSettings& settings);

    // Called after a change, on the thread that changed it. Set before anything changes.
    void on_change(std::function<Status()> listener) { listener_ = std::move(listener); }

  private:
    store::Store& store_;
    std::function<Status()> listener_;
    mutable Mutex mutex_;
    EnvironmentSettings settings_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
