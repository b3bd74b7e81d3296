// The service protection limits: per user, over a sliding window. Thread: the sandbox's loop.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "connectors/dataverse/sandbox_error.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace tideway::connectors::dataverse::sandbox {

class ServiceProtection {
  public:
    struct Limits {
        std::int64_t requests = 6000;
        Duration execution = std::chrono::seconds(1200);
        int concurrent = 52;
        Duration window = std::chrono::minutes(5);
    };

    explicit ServiceProtection(const Clock& clock)
        : clock_(clock) {}

    Limits& limits() { return limits_; }

    // Takes a place for one request, or 429 with Retry-After and the code of the limit that is met.
    Outcome<void> admit(const std::string& user);

    // The request admitted last for this user is answered; it took this long.
    void done(const std::string& user, Duration took);

    // x-ms-ratelimit-burst-remaining-xrm-requests and x-ms-ratelimit-time-remaining-xrm-requests.
    void add_headers(const std::string& user, http::Headers& headers);

    void clear() { users_.clear(); }

  private:
    struct Past {
        Timestamp at;
        Duration took{0};
    };

    struct User {
        std::deque<Past> requests;  // the oldest first
        int running = 0;
        Duration took{0};
    };

    User& current(const std::string& user);
    tl::unexpected<ServiceError> throttled(
        const User& user, const char* code, const std::string& message
    ) const;

    const Clock& clock_;
    Limits limits_;
    std::map<std::string, User> users_;
};

}  // namespace tideway::connectors::dataverse::sandbox
