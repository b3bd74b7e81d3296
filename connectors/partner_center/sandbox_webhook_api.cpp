// /webhooks/v1/registration and the certificates that sign notifications.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "connectors/partner_center/sandbox_service.h"
#include "engine/base/uid.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::string_view kPath = "/webhooks/v1/registration";
constexpr std::string_view kCertificates = "/webhooks/certificates/";
constexpr std::size_t kTestsPerMinute = 2;
constexpr std::chrono::minutes kTestWindow{1};
constexpr std::chrono::hours kTestKept{24 * 7};

constexpr std::array<std::string_view, 21> kEvents = {
    "azure-fraud-event-detected",
    "dap-admin-relationship-approved",
    "dap-admin-relationship-terminated",
    "granular-admin-access-assignment-activated",
    "granular-admin-access-assignment-created",
    "granular-admin-access-assignment-deleted",
    "granular-admin-access-assignment-updated",
    "granular-admin-relationship-activated",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-expired",
    "granular-admin-relationship-terminated",
    "invoice-ready",
    "new-commerce-migration-completed",
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    "reseller-relationship-accepted-by-customer",
    "subscription-updated",
    "test-created",
    "usagerecords-thresholdExceeded"};

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) ==
               std::tolower(static_cast<unsigned char>(y));
    });
}

// The documentation writes WebhookUrl, the description of the API webhookUrl: both pass.
const Json* find_any_case(const Json& object, std::string_view key) {
    if (object.is_object()) {
        for (const auto& [name, value] : object.items()) {
            if (same_word(name, key)) {
                return &value;
            }
        }
    }
    return nullptr;
}

Outcome<Registration> read_registration(const Json& body) {
    Registration out;
    const Json* url = find_any_case(body, "WebhookUrl");
    out.url = url != nullptr && url->is_string() ? url->get<std::string>() : "";
    const auto parsed = http::parse_url(out.url);
    if (!parsed) {
        return refuse("WebhookUrl '" + out.url + "' is not an absolute URL.");
    }
    if (parsed->scheme != "https" && !http::is_private_address(parsed->host) &&
        parsed->host != "localhost") {
        return refuse("WebhookUrl '" + out.url + "' must be an https URL.");
    }
    const Json* events = find_any_case(body, "WebhookEvents");
    if (events == nullptr || !events->is_array() || events->empty()) {
        return refuse("WebhookEvents must name at least one event.");
    }
    for (const Json& event : *events) {
        const std::string name = event.is_string() ? event.get<std::string>() : dump(event);
        if (std::ranges::find(kEvents, name) == kEvents.end()) {
            return refuse("The event '" + name + "' does not exist.");
        }
        if (!out.wants(name)) {
            out.events.push_back(name);
        }
    }
    const Json* flag = find_any_case(body, "SignatureTokenToMsSignatureHeader");
    out.use_ms_signature = flag != nullptr && flag->is_boolean() && flag->get<bool>();
    return out;
}

std::string result_status(Deliveries::State state) {
    switch (state) {
        case Deliveries::State::kDelivered:
            return "completed";
        case Deliveries::State::kParked:
            return "failed";
        case Deliveries::State::kWaiting:
            return "pending";
    }
    return "pending";
}

Json result_of(const Deliveries::Attempt& attempt) {
    return {
        {"responseCode", attempt.status == 0 ? "" : http::status_code_name(attempt.status)},
        {"responseMessage", attempt.error},
        {"systemError", attempt.status == 0},
        {"dateTimeUtc", format_ticks(attempt.at)}};
}

}  // namespace

http::Response Service::webhooks(const http::ServerRequest& request) {
    if (request.path.starts_with(kCertificates) && request.method == "GET") {
        http::Response out;
        out.status = 200;
        out.headers.set("Content-Type", "application/pkix-cert");
        out.body = signer().certificate_der();
        return out;
    }
    const auto claims = authenticate(request, Api::kWebhooks);
    if (!claims) {
        return partner_center_refusal(claims.error());
    }
    auto answer = dispatch_webhooks(request, *claims);
    http::Response out = answer ? std::move(*answer) : partner_center_refusal(answer.error());
    if (out.status == 429) {
        out.headers.set(
            "Retry-After",
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(kTestWindow).count())
        );
    }
    if (request.method != "GET") {
        remember_write(request, *claims, out.status, Json());
        save_soon();
    }
    return out;
}

Outcome<http::Response> Service::dispatch_webhooks(
    const http::ServerRequest& request, const Claims& claims
) {
    if (claims.role != "admin") {
        return refuse(403, "accessDenied", "The caller may not manage webhooks.");
    }
    const bool known = request.path.starts_with(kPath);
    const std::vector<std::string> rest = segments_after(request.path, known ? kPath : "");
    const std::string& method = request.method;
    if (known && rest.empty()) {
        if (method == "GET") {
            return registration_ ? Outcome<http::Response>(json_answer(200, registration_body()))
                                 : refuse(404, "itemNotFound", "No webhook is registered.");
        }
        if (method == "POST" || method == "PUT") {
            return put_registration(request);
        }
    } else if (known && rest[0] == "events" && rest.size() == 1 && method == "GET") {
        return json_answer(200, Json(kEvents));
    } else if (known && rest[0] == "validationEvents" && rest.size() == 1 && method == "POST") {
        return send_test_event(claims);
    } else if (known && rest[0] == "validationEvents" && rest.size() == 2 && method == "GET") {
        return test_result(rest[1]);
    } else {
        return refuse(404, "itemNotFound", "There is nothing at '" + request.path + "'.");
    }
    return refuse(405, "invalidRequest", "The method " + method + " is not allowed here.");
}

Json Service::registration_body() const {
    return {
        {"SubscriberId", registration_->subscriber_id},
        {"WebhookUrl", registration_->url},
        {"WebhookEvents", registration_->events}};
}

Outcome<http::Response> Service::put_registration(const http::ServerRequest& request) {
    const bool updates = request.method == "PUT";
    if (registration_ && !updates) {
        return refuse(409, "conflict", "A webhook is registered already; change it with PUT.");
    }
    if (!registration_ && updates) {
        return refuse(404, "itemNotFound", "No webhook is registered; register one with POST.");
    }
    const auto body = read_body(request);
    if (!body) {
        return tl::unexpected<ApiError>(body.error());
    }
    auto wanted = read_registration(*body);
    if (!wanted) {
        return tl::unexpected<ApiError>(wanted.error());
    }
    wanted->subscriber_id = updates ? registration_->subscriber_id : Uid::random().guid();
    wanted->last_modified = format_utc(clock_.now());
    registration_ = std::move(*wanted);
    return json_answer(200, registration_body());
}

Outcome<http::Response> Service::send_test_event(const Claims&) {
    if (!registration_ || !registration_->wants("test-created")) {
        return refuse("The registration does not hold the event 'test-created'.");
    }
    std::erase_if(tests_, [&](const auto& one) {
        return one.second.at + kTestKept <= clock_.now();
    });
    const auto recent = std::ranges::count_if(tests_, [&](const auto& one) {
        return one.second.at + kTestWindow > clock_.now();
    });
    if (static_cast<std::size_t>(recent) >= kTestsPerMinute) {
        return refuse(429, "tooManyRequests", "Only 2 test events can be sent in a minute.");
    }
    const std::string id = Uid::random().guid();
    tests_[id] = {clock_.now(), registration_->url};
    deliveries_.notify(
        *registration_,
        {"test-created",
         webhooks_url_ + std::string(kPath) + "/validationEvents/" + id,
         "test",
         book_.next_tick(),
         id}
    );
    return json_answer(200, {{"correlationId", id}});
}

Outcome<http::Response> Service::test_result(const std::string& correlation_id) {
    const auto found = tests_.find(correlation_id);
    if (found == tests_.end() || found->second.at + kTestKept <= clock_.now()) {
        return refuse(404, "itemNotFound", "The test event '" + correlation_id + "' is unknown.");
    }
    Json out = {
        {"correlationId", correlation_id},
        {"partnerId", options_.organization_id},
        {"status", "pending"},
        {"callbackUrl", found->second.url},
        {"results", Json::array()}};
    const auto delivery = std::ranges::find_if(deliveries_.log(), [&](const auto& one) {
        return one.event.correlation_id == correlation_id;
    });
    if (delivery != deliveries_.log().end()) {
        out["status"] = result_status(delivery->state);
        for (const auto& attempt : delivery->attempts) {
            out["results"].push_back(result_of(attempt));
        }
    }
    return json_answer(200, out);
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
