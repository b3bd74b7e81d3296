#include "engine/server/expiry.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/limits.h"
#include "engine/model/retry_policy.h"

namespace tideway::server {

namespace {

std::optional<Duration> unit_of(char letter) {
    switch (letter) {
        case 'd':
            return std::chrono::hours(24);
        case 'h':
            return std::chrono::hours(1);
        case 'm':
            return std::chrono::minutes(1);
        default:
            return std::nullopt;
    }
}

// "30d"
std::optional<Duration> short_duration(std::string_view text) {
    constexpr std::int64_t kCountMax = 10'000'000;
    const auto unit = text.empty() ? std::nullopt : unit_of(text.back());
    if (!unit) {
        return std::nullopt;
    }
    std::int64_t count = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [stop, problem] = std::from_chars(text.data(), end, count);
    const bool is_number = problem == std::errc() && stop == end && count <= kCountMax;
    return is_number ? std::optional(*unit * count) : std::nullopt;
}

std::optional<Timestamp> end_of(std::string_view text, Timestamp now) {
    if (const auto duration = short_duration(text)) {
        return now + *duration;
    }
    if (text.starts_with('P')) {
        const auto duration = model::parse_duration(text);
        return duration && *duration <= limits::kAddressLifeMax ? std::optional(now + *duration)
                                                                : std::nullopt;
    }
    return parse_utc(text);
}

}  // namespace

Result<Timestamp> parse_expiry(std::string_view text, Timestamp now) {
    const auto end = end_of(text, now);
    if (end && *end > now && *end <= now + limits::kAddressLifeMax) {
        return *end;
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidArgument",
        "The end '" + std::string(text) + "' is no time in the next ten years.",
        "Write how long from now (30d, 12h, P30D), or when (2026-12-31)."
    );
}

}  // namespace tideway::server
