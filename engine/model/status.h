// Power Automate's status words, for runs and steps alike, plus Paused (a person must decide).
#pragma once

#include <optional>
#include <string_view>

namespace tideway::model {

enum class Status {
    kWaiting,
    kRunning,
    kSucceeded,
    kFailed,
    kCancelled,
    kTimedOut,
    kSkipped,
    kPaused,
};

std::string_view to_string(Status status);  // "Succeeded", as in history, JSON and CLI
std::optional<Status> parse_status(std::string_view text);

// Ended for good: no row is added to such a run any more.
bool is_final(Status status);

}  // namespace tideway::model
