#include "engine/http/wire.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <date/date.h>

namespace tideway::http {
namespace {

bool equals_lower(std::string_view text, std::string_view lower) {
    return text.size() == lower.size() &&
           std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
}

bool is_ours(std::string_view name) {
    return equals_lower(name, "content-length") || equals_lower(name, "transfer-encoding") ||
           equals_lower(name, "connection") || equals_lower(name, "keep-alive") ||
           equals_lower(name, "date");
}

bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return c > 0x20 && c < 0x7F && c != ':' && c != '"' && c != '(' && c != ')' && c != ',';
    });
}

void append_number(std::string& out, std::size_t number) {
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
    out.append(digits, end.ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    const std::size_t start = out.size();
    out += value;
    for (std::size_t i = start; i < out.size(); ++i) {
        if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') {
            out[i] = ' ';
        }
    }
    out += "\r\n";
}

}  // namespace

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string print_response_head(const Response& response, const ResponseFrame& frame) {
    std::string out;
    out.reserve(256);
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(std::clamp(response.status, 100, 999)));
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
    for (const auto& [name, value] : response.headers) {
        if (is_token(name) && !is_ours(name)) {
            append_field(out, name, value);
        }
    }
    append_field(out, "Date", frame.date);
    if (has_body(response.status) && !frame.is_event_stream) {
        out += "Content-Length: ";
        append_number(out, response.body.size());
        out += "\r\n";
    }
    if (!frame.keep_alive) {
        out += "Connection: close\r\n";
    } else if (frame.is_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    return out;
}

std::string print_http_date(Timestamp at) {
    // By hand: it must not depend on the locale, and it is made every second.
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = date::floor<date::days>(at);
    const date::year_month_day ymd(day);
    const date::hh_mm_ss time(date::floor<std::chrono::seconds>(at - day));
    char text[48];
    const int length = std::snprintf(
        text,
        sizeof text,
        "%s, %02u %s %04d %02d:%02d:%02d GMT",
        kDays[date::weekday(day).c_encoding()],
        static_cast<unsigned>(ymd.day()),
        kMonths[static_cast<unsigned>(ymd.month()) - 1],
        static_cast<int>(ymd.year()),
        static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count())
    );
    return {text, static_cast<std::size_t>(length)};
}

std::string print_event(std::string_view event, std::string_view data) {
    std::string out;
    out.reserve(event.size() + data.size() + 24);
    out += "event: ";
    for (const char c : event) {
        out += c == '\r' || c == '\n' ? ' ' : c;
    }
    out += "\ndata: ";
    // A line end inside of data begins a new data line, or it would end the event.
    for (const char c : data) {
        if (c == '\n') {
            out += "\ndata: ";
        } else if (c != '\r') {
            out += c;
        }
    }
    out += "\n\n";
    return out;
}

}  // namespace tideway::http
