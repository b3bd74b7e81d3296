// Wall-clock time in UTC microseconds, behind an interface so that tests own the time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// Thread: any.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
  public:
    Timestamp now() const override;
};

// Microseconds since 1970, as the store keeps them; and back.
inline std::int64_t to_micros(Timestamp at) {
    return at.time_since_epoch().count();
}

inline Timestamp from_micros(std::int64_t micros) {
    return Timestamp(Duration(micros));
}

// "2026-02-03T10:11:12.123456Z"; trailing zeros of the fraction are dropped.
std::string format_utc(Timestamp at);

// Reads ISO 8601 with 'Z' or an offset and up to 9 decimals; a date alone is midnight UTC.
std::optional<Timestamp> parse_utc(std::string_view text);

// "12 ms", "3.4 s", "2 min 5 s": for people.
std::string format_duration(Duration duration);

}  // namespace tideway
