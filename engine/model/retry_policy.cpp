#include "engine/model/retry_policy.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tideway::model {
namespace {

constexpr int kRetriesMax = 90;

Result<Duration> duration_or(const Json& value, std::string_view key, Duration fallback) {
    const Json* field = find(value, key);
    if (field == nullptr) {
        return fallback;
    }
    std::optional<Duration> parsed;
    if (field->is_string()) {
        parsed = parse_duration(field->get<std::string>());
    } else if (field->is_number()) {
        parsed = Duration(static_cast<std::int64_t>(field->get<double>() * 1e6));
    }
    if (!parsed || *parsed < Duration(0)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRetryPolicy",
            "The retry policy's '" + std::string(key) + "' is not a duration.",
            "Write seconds or an ISO 8601 duration such as \"PT10S\"."
        );
    }
    return *parsed;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    const auto number = [](std::string_view part) -> std::optional<double> {
        double value = 0;
        const auto [rest, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc() || rest != part.data() + part.size() || part.empty()) {
            return std::nullopt;
        }
        return value;
    };
    if (!text.starts_with('P')) {
        const auto seconds = number(text);
        return seconds ? std::optional(Duration(std::llround(*seconds * 1e6))) : std::nullopt;
    }
    text.remove_prefix(1);
    bool in_time = false;
    double seconds = 0;
    bool any = false;
    while (!text.empty()) {
        if (text[0] == 'T' && !in_time) {
            in_time = true;
            text.remove_prefix(1);
            continue;
        }
        const auto end = text.find_first_not_of("0123456789.");
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        const auto value = number(text.substr(0, end));
        const std::string_view units = in_time ? "HMS" : "WD";
        if (!value || units.find(text[end]) == std::string_view::npos) {
            return std::nullopt;
        }
        const double scale = text[end] == 'W'   ? 604800
                             : text[end] == 'D' ? 86400
                             : text[end] == 'H' ? 3600
                             : text[end] == 'M' ? 60
                                                : 1;
        seconds += *value * scale;
        any = true;
        text.remove_prefix(end + 1);
    }
    return any ? std::optional(Duration(std::llround(seconds * 1e6))) : std::nullopt;
}

Result<RetryPolicy> parse_retry_policy(const Json& value) {
    RetryPolicy policy;
    const std::string type = string_or(value, "type", "default");
    if (type == "none") {
        policy.kind = RetryKind::kNone;
        policy.count = 0;
        return policy;
    }
    if (type == "default") {
        return policy;
    }
    if (type != "fixed" && type != "exponential") {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRetryPolicy",
            "'" + type + "' is not a retry policy.",
            "Use default, none, fixed or exponential."
        );
    }
    policy.kind = type == "fixed" ? RetryKind::kFixed : RetryKind::kExponential;
    policy.count = static_cast<int>(int_or(value, "count", policy.count));
    if (policy.count < 0 || policy.count > kRetriesMax) {
        return fail(ErrorKind::kInvalidInput, "InvalidRetryPolicy", "A retry count is 0 to 90.");
    }
    policy.maximum = std::chrono::hours(24);
    TIDEWAY_TRY_ASSIGN(policy.interval, duration_or(value, "interval", policy.interval));
    TIDEWAY_TRY_ASSIGN(policy.minimum, duration_or(value, "minimum", policy.minimum));
    TIDEWAY_TRY_ASSIGN(policy.maximum, duration_or(value, "maximum", policy.maximum));
    return policy;
}

Result<Duration> parse_time_limit(const Json& value) {
    const auto parsed = value.is_string() ? parse_duration(value.get<std::string>())
                        : value.is_number()
                            ? std::optional(Duration(std::llround(value.get<double>() * 1e6)))
                            : std::nullopt;
    if (!parsed || *parsed <= Duration(0)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidTimeLimit",
            dump(value) + " is not a time limit.",
            "Write timeout as \"PT30S\", \"PT1H\" or \"P1D\", or as seconds."
        );
    }
    return *parsed;
}

std::optional<Duration> delay_before(
    const RetryPolicy& policy, int retry, double random, std::optional<Duration> retry_after
) {
    if (policy.kind == RetryKind::kNone || retry > policy.count) {
        return std::nullopt;
    }
    if (retry_after) {
        return retry_after;
    }
    if (policy.kind == RetryKind::kFixed) {
        return policy.interval;
    }
    const double interval = static_cast<double>(policy.interval.count());
    const double upper_factor = std::pow(2.0, std::min(retry - 1, 40));
    const double lower_factor = retry == 1 ? 0.0 : upper_factor / 2.0;
    const double minimum = static_cast<double>(policy.minimum.count());
    const double maximum = static_cast<double>(policy.maximum.count());
    const double low = std::min(std::max(lower_factor * interval, minimum), maximum);
    const double high = std::max(low, std::min(upper_factor * interval, maximum));
    return Duration(std::llround(low + (high - low) * random));
}

}  // namespace tideway::model
