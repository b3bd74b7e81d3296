#include "engine/script/values/time_format.h"

#include <array>

namespace tideway::script::library {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"};
constexpr std::array<std::string_view, 7> kDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

std::string padded(long value, std::size_t width) {
    std::string text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

struct Parts {
    long year;
    unsigned month;
    unsigned day;
    unsigned weekday;
    long hour;
    long minute;
    long second;
    long millisecond;
};

Parts split(date::local_time<std::chrono::microseconds> at) {
    const auto midnight = date::floor<date::days>(at);
    const date::year_month_day calendar(midnight);
    const date::hh_mm_ss<std::chrono::microseconds> clock(at - midnight);
    return {
        static_cast<int>(calendar.year()),
        static_cast<unsigned>(calendar.month()),
        static_cast<unsigned>(calendar.day()),
        date::weekday(midnight).c_encoding(),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count() / 1000};
}

std::string print_name(std::string_view name, std::size_t count) {
    return std::string(count == 3 ? name.substr(0, 3) : name);
}

// `count` times the same letter.
std::string print_field(const Parts& at, char letter, std::size_t count) {
    const long twelve = at.hour % 12 == 0 ? 12 : at.hour % 12;
    switch (letter) {
        case 'y':
            return count <= 2 ? padded(at.year % 100, count) : padded(at.year, count);
        case 'M':
            return count > 2 ? print_name(kMonths.at(at.month - 1), count)
                             : padded(at.month, count);
        case 'd':
            return count > 2 ? print_name(kDays.at(at.weekday), count) : padded(at.day, count);
        case 'H':
            return padded(at.hour, count);
        case 'h':
            return padded(twelve, count);
        case 'm':
            return padded(at.minute, count);
        case 's':
            return padded(at.second, count);
        case 'f':
            return padded(at.millisecond, 3)
                .append(count > 3 ? count - 3 : 0, '0')
                .substr(0, count);
        case 't':
            return std::string(at.hour < 12 ? "AM" : "PM").substr(0, count);
        default:
            return std::string(count, letter);
    }
}

}  // namespace

std::string format_time(date::local_time<std::chrono::microseconds> at, std::string_view pattern) {
    constexpr std::string_view kLetters = "yMdHhmsft";
    const Parts parts = split(at);
    std::string out;
    std::size_t i = 0;
    while (i < pattern.size()) {
        const char c = pattern[i];
        if (c == '\'') {
            const std::size_t end = std::min(pattern.find('\'', i + 1), pattern.size());
            out += pattern.substr(i + 1, end - i - 1);
            i = end + 1;
            continue;
        }
        std::size_t count = 1;
        if (kLetters.find(c) != std::string_view::npos) {
            while (count < 8 && i + count < pattern.size() && pattern[i + count] == c) {
                ++count;
            }
            out += print_field(parts, c, count);
        } else {
            out += c;
        }
        i += count;
    }
    return out;
}

std::string format_offset(std::chrono::seconds offset) {
    const long minutes = offset.count() / 60;
    if (minutes == 0) {
        return "Z";
    }
    const long size = minutes < 0 ? -minutes : minutes;
    return (minutes < 0 ? "-" : "+") + padded(size / 60, 2) + ":" + padded(size % 60, 2);
}

}  // namespace tideway::script::library
