#include "connectors/dataverse/sandbox_protection.h"

#include <algorithm>
#include <cstdio>

namespace tideway::connectors::dataverse::sandbox {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The user's window, without what has left it.
ServiceProtection::User& ServiceProtection::current(const std::string& user) {
    User& out = users_[user];
    const Timestamp start = clock_.now() - limits_.window;
    while (!out.requests.empty() && out.requests.front().at <= start) {
        out.took -= out.requests.front().took;
        out.requests.pop_front();
    }
    return out;
}

tl::unexpected<ServiceError> ServiceProtection::throttled(
    const User& user, const char* code, const std::string& message
) const {
    Duration wait = seconds(1);
    if (!user.requests.empty() && user.running < limits_.concurrent) {
        wait = user.requests.front().at + limits_.window - clock_.now();
    }
    const std::int64_t whole =
        std::max<std::int64_t>(1, (duration_cast<milliseconds>(wait).count() + 999) / 1000);
    ServiceError error{429, code, message, {}};
    error.headers.add("Retry-After", std::to_string(whole));
    return tl::unexpected<ServiceError>(std::move(error));
}

Outcome<void> ServiceProtection::admit(const std::string& user) {
    User& now = current(user);
    const std::string window =
        std::to_string(duration_cast<seconds>(limits_.window).count()) + " seconds.";
    if (static_cast<std::int64_t>(now.requests.size()) >= limits_.requests) {
        return throttled(
            now,
            "0x80072322",
            "Number of requests exceeded the limit of " + std::to_string(limits_.requests) +
                " over the time window of " + window
        );
    }
    if (now.took >= limits_.execution) {
        return throttled(
            now,
            "0x80072321",
            "Combined execution time of incoming requests exceeded the limit of " +
                std::to_string(duration_cast<milliseconds>(limits_.execution).count()) +
                " milliseconds over the time window of " + window
        );
    }
    if (now.running >= limits_.concurrent) {
        return throttled(
            now,
            "0x80072326",
            "Number of concurrent requests exceeded the limit of " +
                std::to_string(limits_.concurrent) + "."
        );
    }
    now.requests.push_back({clock_.now(), Duration(0)});
    ++now.running;
    return {};
}

void ServiceProtection::done(const std::string& user, Duration took) {
    User& now = current(user);
    now.running = std::max(0, now.running - 1);
    if (!now.requests.empty()) {
        now.requests.back().took += took;
        now.took += took;
    }
}

void ServiceProtection::add_headers(const std::string& user, http::Headers& headers) {
    const User& now = current(user);
    const auto left = limits_.requests - static_cast<std::int64_t>(now.requests.size());
    const Duration time_left = std::max(Duration(0), limits_.execution - now.took);
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", std::chrono::duration<double>(time_left).count());
    headers.set(
        "x-ms-ratelimit-burst-remaining-xrm-requests",
        std::to_string(std::max<std::int64_t>(0, left))
    );
    headers.set("x-ms-ratelimit-time-remaining-xrm-requests", text);
}

}  // namespace tideway::connectors::dataverse::sandbox
