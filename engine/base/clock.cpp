#include "engine/base/clock.h"

#include <array>
#include <cstdio>

namespace tideway {
namespace {

// Reads exactly `count` digits at `at`, or returns -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct Fraction {
    std::int64_t micros = 0;
    std::size_t length = 0;
    bool valid = true;
};

Fraction read_fraction(std::string_view text, std::size_t at) {
    Fraction out;
    if (at >= text.size() || text[at] != '.') {
        return out;
    }
    std::int64_t scale = 100000;
    std::size_t i = at + 1;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        out.micros += (text[i] - '0') * scale;
        scale /= 10;
    }
    out.length = i - at;
    out.valid = out.length > 1 && out.length <= 10;
    return out;
}

// "Z", "+02:00", "-0530" or nothing (UTC), up to the end of the text.
std::optional<std::chrono::minutes> read_offset(std::string_view text) {
    if (text.empty() || text == "Z" || text == "z") {
        return std::chrono::minutes(0);
    }
    if (text[0] != '+' && text[0] != '-') {
        return std::nullopt;
    }
    const bool has_colon = text.size() == 6 && text[3] == ':';
    if (!has_colon && text.size() != 5) {
        return std::nullopt;
    }
    const int hours = digits(text, 1, 2);
    const int minutes = digits(text, has_colon ? 4 : 3, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return std::nullopt;
    }
    const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return text[0] == '-' ? -offset : std::chrono::minutes(offset);
}

}  // namespace

Timestamp SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::string format_utc(Timestamp at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(at - day);
    std::array<char, 48> buffer{};
    const int length = std::snprintf(
        buffer.data(),
        buffer.size(),
        "%04d-%02u-%02uT%02d:%02d:%02d",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count())
    );
    std::string out(buffer.data(), static_cast<std::size_t>(length));
    const auto micros = time.subseconds().count();
    if (micros != 0) {
        std::snprintf(buffer.data(), buffer.size(), ".%06d", static_cast<int>(micros));
        out += buffer.data();
        out.erase(out.find_last_not_of('0') + 1);
    }
    return out + "Z";
}

std::optional<Timestamp> parse_utc(std::string_view text) {
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    if (year < 0 || month < 0 || day < 0 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    const std::chrono::year_month_day date(
        std::chrono::year(year),
        std::chrono::month(static_cast<unsigned>(month)),
        std::chrono::day(static_cast<unsigned>(day))
    );
    if (!date.ok()) {
        return std::nullopt;
    }
    const Timestamp midnight = std::chrono::sys_days(date);
    if (text.size() == 10) {
        return midnight;
    }
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || text[13] != ':') {
        return std::nullopt;
    }
    std::size_t at = 16;
    int second = 0;
    Fraction fraction;
    if (at < text.size() && text[at] == ':') {
        second = digits(text, at + 1, 2);
        fraction = read_fraction(text, at + 3);
        at += 3 + fraction.length;
    }
    if (second < 0 || second > 59 || !fraction.valid) {
        return std::nullopt;
    }
    const auto offset = read_offset(text.substr(at));
    if (!offset) {
        return std::nullopt;
    }
    return midnight + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + Duration(fraction.micros) - *offset;
}

std::string format_duration(Duration duration) {
    std::array<char, 48> buffer{};
    const double ms = static_cast<double>(duration.count()) / 1000.0;
    if (ms < 1000.0) {
        std::snprintf(buffer.data(), buffer.size(), "%.0f ms", ms);
    } else if (ms < 60'000.0) {
        std::snprintf(buffer.data(), buffer.size(), "%.1f s", ms / 1000.0);
    } else {
        const auto seconds = static_cast<int>(ms / 1000.0);
        std::snprintf(buffer.data(), buffer.size(), "%d min %d s", seconds / 60, seconds % 60);
    }
    return buffer.data();
}

}  // namespace tideway
