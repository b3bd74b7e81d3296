#include "connectors/partner_center/sandbox_delivery.h"

#include <algorithm>
#include <utility>

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::size_t kLogMax = 10'000;  // the oldest finished ones are forgotten
constexpr std::chrono::seconds kCallbackTimeout{30};

std::string body_of(const Event& event) {
    std::string changed = format_ticks(event.changed);
    changed.replace(changed.size() - 1, 1, "+00:00");
    return dump(
        {{"EventName", event.name},
         {"ResourceUri", event.resource_uri},
         {"ResourceName", event.resource_name},
         {"AuditUri", nullptr},
         {"ResourceChangeUtcDate", changed}}
    );
}

std::string_view name_of(Deliveries::State state) {
    switch (state) {
        case Deliveries::State::kWaiting:
            return "waiting";
        case Deliveries::State::kDelivered:
            return "delivered";
        case Deliveries::State::kParked:
            return "parked";
    }
    return "waiting";
}

}  // namespace

bool Registration::wants(std::string_view event) const {
    return std::ranges::find(events, event) != events.end();
}

Json Registration::save() const {
    return {
        {"subscriber_id", subscriber_id},
        {"url", url},
        {"events", events},
        {"use_ms_signature", use_ms_signature},
        {"last_modified", last_modified}};
}

Registration Registration::load(const Json& saved) {
    Registration out;
    out.subscriber_id = string_or(saved, "subscriber_id");
    out.url = string_or(saved, "url");
    out.use_ms_signature = bool_or(saved, "use_ms_signature", false);
    out.last_modified = string_or(saved, "last_modified");
    for (const Json& event : saved.value("events", Json::array())) {
        out.events.push_back(event.is_string() ? event.get<std::string>() : "");
    }
    return out;
}

Json to_json(const Deliveries::Delivery& delivery) {
    Json attempts = Json::array();
    for (const auto& attempt : delivery.attempts) {
        attempts.push_back(
            {{"at", format_ticks(attempt.at)}, {"status", attempt.status}, {"error", attempt.error}}
        );
    }
    return {
        {"id", delivery.id},
        {"event", delivery.event.name},
        {"resource_uri", delivery.event.resource_uri},
        {"resource_name", delivery.event.resource_name},
        {"changed", format_ticks(delivery.event.changed)},
        {"correlation_id", delivery.event.correlation_id},
        {"url", delivery.url},
        {"use_ms_signature", delivery.use_ms_signature},
        {"state", name_of(delivery.state)},
        {"attempts", std::move(attempts)}};
}

Deliveries::Deliveries(
    http::Client& client, const Clock& clock, Schedule& schedule, Settings settings, Sources sources
)
    : client_(client),
      clock_(clock),
      schedule_(schedule),
      settings_(std::move(settings)),
      sources_(std::move(sources)) {}

void Deliveries::notify(const Registration& to, Event event) {
    const Duration wait =
        mischief_.delay + (mischief_.reorder ? mischief_.reorder_window : Duration(0));
    const bool is_lost = mischief_.lose > 0;
    mischief_.lose -= is_lost ? 1 : 0;
    for (int copy = 0; copy <= mischief_.duplicates; ++copy) {
        Delivery delivery;
        delivery.id = next_id_++;
        delivery.event = event;
        delivery.url = to.url;
        delivery.use_ms_signature = to.use_ms_signature;
        delivery.due = clock_.now() + wait;
        delivery.state = is_lost ? State::kParked : State::kWaiting;
        log_.push_back(std::move(delivery));
    }
    while (log_.size() > kLogMax && log_.front().state != State::kWaiting) {
        log_.pop_front();
    }
    wait_until(clock_.now() + wait);
}

bool Deliveries::resend(std::int64_t id) {
    const Delivery* old = find(id);
    if (old == nullptr) {
        return false;
    }
    Delivery copy = *old;
    copy.id = next_id_++;
    copy.state = State::kWaiting;
    copy.in_flight = false;
    copy.attempts.clear();
    copy.due = clock_.now();
    log_.push_back(std::move(copy));
    wait_until(clock_.now());
    return true;
}

void Deliveries::set_mischief(Mischief mischief) {
    mischief_ = std::move(mischief);
    wait_until(clock_.now());
}

Deliveries::Delivery* Deliveries::find(std::int64_t id) {
    const auto found = std::ranges::find(log_, id, &Delivery::id);
    return found == log_.end() ? nullptr : &*found;
}

void Deliveries::wait_until(Timestamp due) {
    schedule_.at(due, [this, alive = std::weak_ptr<bool>(alive_)]() {
        if (!alive.expired()) {
            flush();
        }
    });
}

void Deliveries::flush() {
    if (mischief_.paused) {
        return;
    }
    std::vector<std::int64_t> due;
    for (const Delivery& delivery : log_) {
        if (delivery.state == State::kWaiting && !delivery.in_flight &&
            delivery.due <= clock_.now()) {
            due.push_back(delivery.id);
        }
    }
    // The whole window goes at once, newest first: every later event overtakes the earlier ones.
    if (mischief_.reorder) {
        std::ranges::reverse(due);
    }
    for (const std::int64_t id : due) {
        send(*find(id));
    }
}

http::Request Deliveries::request_of(const Delivery& delivery) {
    const Signer& signer = sources_.signer();
    http::Request out;
    out.method = "POST";
    out.url = delivery.url;
    out.body = body_of(delivery.event);
    out.timeout = kCallbackTimeout;
    out.headers.set("Content-Type", "application/json; charset=utf-8");
    out.headers.set("X-MS-Certificate-Url", sources_.certificate_url());
    out.headers.set("X-MS-Signature-Algorithm", "rsa-sha256");
    const std::string signature =
        signer.sign(mischief_.tamper == "signature" ? out.body + " " : out.body);
    if (mischief_.tamper != "missing") {
        out.headers.set(
            delivery.use_ms_signature ? "x-ms-signature" : "Authorization", "Signature " + signature
        );
    }
    return out;
}

void Deliveries::send(Delivery& delivery) {
    delivery.in_flight = true;
    client_.send(
        request_of(delivery),
        settings_.policy,
        [this, id = delivery.id, alive = std::weak_ptr<bool>(alive_)](const http::Exchange& exchange
        ) {
            if (!alive.expired()) {
                settle(id, exchange);
            }
        }
    );
}

void Deliveries::settle(std::int64_t id, const http::Exchange& exchange) {
    Delivery* delivery = find(id);
    if (delivery == nullptr) {
        return;  // the log was cleared meanwhile
    }
    delivery->in_flight = false;
    Attempt attempt;
    attempt.at = to_ticks(clock_.now());
    attempt.status = exchange ? exchange->status : 0;
    attempt.error = exchange ? "" : exchange.error().error.text();
    const bool taken = attempt.status >= 200 && attempt.status < 300;
    delivery->attempts.push_back(std::move(attempt));
    if (taken) {
        delivery->state = State::kDelivered;
    } else if (delivery->attempts.size() >= static_cast<std::size_t>(settings_.attempts)) {
        delivery->state = State::kParked;
    } else {
        delivery->due = clock_.now() + settings_.interval;
        wait_until(delivery->due);
    }
}

Json Deliveries::save() const {
    Json out = Json::array();
    for (const Delivery& delivery : log_) {
        if (delivery.state == State::kWaiting) {
            Json row = to_json(delivery);
            row["ticks"] = delivery.event.changed;
            out.push_back(std::move(row));
        }
    }
    return out;
}

void Deliveries::load(const Json& saved) {
    if (!saved.is_array()) {
        return;
    }
    for (const Json& row : saved) {
        Delivery delivery;
        delivery.id = next_id_++;
        delivery.event = {
            string_or(row, "event"),
            string_or(row, "resource_uri"),
            string_or(row, "resource_name"),
            int_or(row, "ticks", 0),
            string_or(row, "correlation_id")};
        delivery.url = string_or(row, "url");
        delivery.use_ms_signature = bool_or(row, "use_ms_signature", false);
        delivery.due = clock_.now();
        log_.push_back(std::move(delivery));
    }
    wait_until(clock_.now());
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
