// Sends webhook notifications: signed, repeated up to ten times, and late, doubled, held back or
// out of order when told so. Thread: the sandbox's loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/partner_center/sandbox_schedule.h"
#include "connectors/partner_center/sandbox_signer.h"
#include "connectors/partner_center/sandbox_wire.h"
#include "engine/http/client.h"

namespace tideway::connectors::partner_center::sandbox_parts {

// Who wants which events, and where.
struct Registration {
    std::string subscriber_id;
    std::string url;
    std::vector<std::string> events;
    bool use_ms_signature = false;  // x-ms-signature instead of Authorization
    std::string last_modified;

    bool wants(std::string_view event) const;
    Json save() const;
    static Registration load(const Json& saved);
};

struct Event {
    std::string name;
    std::string resource_uri;
    std::string resource_name;
    Ticks changed = 0;
    std::string correlation_id;  // of a test event; else empty
};

class Deliveries {
  public:
    struct Settings {
        int attempts = 10;
        Duration interval = std::chrono::seconds(1);
        http::NetworkPolicy policy;
    };

    // How notifications misbehave; all off by default.
    struct Mischief {
        bool paused = false;
        int duplicates = 0;  // further copies of each
        int lose = 0;        // of the next ones so many are never sent
        Duration delay{0};
        bool reorder = false;  // what comes within the window is sent newest first
        Duration reorder_window = std::chrono::milliseconds(200);
        std::string tamper;  // "signature": wrong; "missing": none
    };
    enum class State { kWaiting, kDelivered, kParked };

    struct Attempt {
        Ticks at = 0;
        int status = 0;  // 0: no answer
        std::string error;
    };

    struct Delivery {
        std::int64_t id = 0;
        Event event;
        std::string url;
        bool use_ms_signature = false;
        Timestamp due;
        bool in_flight = false;
        State state = State::kWaiting;
        std::vector<Attempt> attempts;
    };

    // `signer` is asked for when the first notification leaves; `certificate_url` at each.
    struct Sources {
        std::function<const Signer&()> signer;
        std::function<std::string()> certificate_url;
    };

    Deliveries(
        http::Client& client,
        const Clock& clock,
        Schedule& schedule,
        Settings settings,
        Sources sources
    );
    Deliveries(const Deliveries&) = delete;
    Deliveries& operator=(const Deliveries&) = delete;

    void notify(const Registration& to, Event event);
    bool resend(std::int64_t id);  // false: no such delivery
    void set_mischief(Mischief mischief);

    const Mischief& mischief() const { return mischief_; }

    const std::deque<Delivery>& log() const { return log_; }

    void clear() { log_.clear(); }

    // What has not been delivered, and its way back.
    Json save() const;
    void load(const Json& saved);

  private:
    Delivery* find(std::int64_t id);
    void wait_until(Timestamp due);
    void flush();
    void send(Delivery& delivery);
    void settle(std::int64_t id, const http::Exchange& exchange);
    http::Request request_of(const Delivery& delivery);

    http::Client& client_;
    const Clock& clock_;
    Schedule& schedule_;
    Settings settings_;
    Sources sources_;
    Mischief mischief_;
    std::deque<Delivery> log_;
    std::int64_t next_id_ = 1;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Json to_json(const Deliveries::Delivery& delivery);

}  // namespace tideway::connectors::partner_center::sandbox_parts
