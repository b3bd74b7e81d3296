#include "engine/model/status.h"

#include <array>
#include <utility>

namespace tideway::model {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 8> kNames{{
    {Status::kWaiting, "Waiting"},
    {Status::kRunning, "Running"},
    {Status::kSucceeded, "Succeeded"},
    {Status::kFailed, "Failed"},
    {Status::kCancelled, "Cancelled"},
    {Status::kTimedOut, "TimedOut"},
    {Status::kSkipped, "Skipped"},
    {Status::kPaused, "Paused"},
}};

}  // namespace

std::string_view to_string(Status status) {
    for (const auto& [value, name] : kNames) {
        if (value == status) {
            return name;
        }
    }
    return "Failed";
}

std::optional<Status> parse_status(std::string_view text) {
    for (const auto& [value, name] : kNames) {
        if (name == text) {
            return value;
        }
    }
    return std::nullopt;
}

bool is_final(Status status) {
    switch (status) {
        case Status::kSucceeded:
        case Status::kFailed:
        case Status::kCancelled:
        case Status::kTimedOut:
        case Status::kSkipped:
            return true;
        case Status::kWaiting:
        case Status::kRunning:
        case Status::kPaused:
            return false;
    }
    return false;
}

}  // namespace tideway::model
