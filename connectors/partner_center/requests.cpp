#include "connectors/partner_center/requests.h"

#include <algorithm>
#include <cctype>

#include "connectors/partner_center/partner_center_connector.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

constexpr std::string_view kReferralsPath = "/v1.0/engagements/referrals";
constexpr std::string_view kRegistrationPath = "/webhooks/v1/registration";

std::string address(const Json& settings, std::string_view key, std::string_view fallback) {
    const std::string set = string_or(settings, key);
    return connector::without_slash(set.empty() ? fallback : std::string_view(set));
}

std::string seed_of(const connector::Call& call) {
    if (!call.idempotency_key.empty()) {
        return call.idempotency_key;
    }
    const std::string operation = call.operation == nullptr ? "" : call.operation->id;
    return operation + "\n" + dump(call.input) + "\n" + std::to_string(to_micros(call.now));
}

std::string remedy_of(const http::Response& response) {
    switch (response.status) {
        case 401:
            return "Sign the connection in again: Partner Center did not accept its token.";
        case 403:
            if (response.body.find("insufficient_claims") != std::string::npos) {
                return "A conditional access policy of the tenant asks for more (for example "
                       "multi-factor authentication): sign the connection in again, interactively.";
            }
            return "Give the connection's user the role \"Referrals admin\" in Partner Center "
                   "(Account settings, User management), sign in to Partner Center once as that "
                   "user, and use a sign-in as a user: application-only tokens are not accepted "
                   "for referrals.";
        case 404:
            return "Check the id: it is the referral's own id, not the engagement's and not the "
                   "CRM's, and the user must be allowed to see that referral.";
        case 412:
            return "Somebody changed the referral after it was read. Read it again and work out "
                   "the changes from what it is now.";
        case 429:
            return "Partner Center limits the calls of the whole partner tenant; the call is "
                   "repeated when the time that it named has passed.";
        default:
            return {};
    }
}

}  // namespace

Requests::Requests(const connector::Call& call)
    : referrals_url_(address(call.settings, "base_url", kDefaultBaseUrl)),
      registration_url_(address(call.settings, "webhooks_url", kDefaultWebhooksUrl)),
      seed_(seed_of(call)),
      now_(call.now) {
    referrals_url_ += kReferralsPath;
    registration_url_ += kRegistrationPath;
}

Requests::Requests(const Json& settings, std::string_view purpose)
    : referrals_url_(address(settings, "base_url", kDefaultBaseUrl)),
      registration_url_(address(settings, "webhooks_url", kDefaultWebhooksUrl)),
      seed_(std::string(purpose) + "\n" + dump(settings)) {
    referrals_url_ += kReferralsPath;
    registration_url_ += kRegistrationPath;
}

std::string Requests::referral_url(std::string_view id) const {
    return referrals_url_ + "/" + http::encode_component(id);
}

connector::Send Requests::make(std::string method, std::string url, std::string_view audience) {
    const std::string nth = std::to_string(++sent_);
    const std::string at = std::to_string(to_micros(now_));
    connector::Send send;
    send.request.method = std::move(method);
    send.request.url = std::move(url);
    send.audience = audience;
    http::Headers& headers = send.request.headers;
    headers.set("Accept", "application/json");
    headers.set("Content-Type", "application/json");
    headers.set("client-request-id", connector::stable_guid("client " + nth + " " + at + seed_));
    headers.set("MS-CorrelationId", connector::stable_guid("correlation " + seed_));
    headers.set("MS-RequestId", connector::stable_guid("request " + nth + " " + seed_));
    headers.set("X-Caller-Id", std::string(kCallerId));
    return send;
}

connector::Send Requests::get_referrals(const std::string& url) {
    return make("GET", url, "referrals");
}

connector::Send Requests::write_referral(std::string method, std::string url, const Json& body) {
    connector::Send send = make(std::move(method), std::move(url), "referrals");
    send.request.body = dump(body);
    send.is_effect = true;
    return send;
}

connector::Send Requests::get_webhooks(std::string_view path) {
    return make("GET", registration_url_ + std::string(path), "webhooks");
}

connector::Send Requests::write_webhooks(
    std::string method, std::string_view path, const Json& body
) {
    connector::Send send =
        make(std::move(method), registration_url_ + std::string(path), "webhooks");
    if (!body.is_null()) {
        send.request.body = dump(body);
    }
    send.is_effect = true;
    return send;
}

bool is_referral_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return c == '-' || std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
}

connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
) {
    connector::Failed failed;
    failed.error = connector::service_error(response, now);
    if (std::string remedy = remedy_of(response); !remedy.empty()) {
        failed.error.remedy = std::move(remedy);
    }
    if (now == Timestamp{}) {  // a date in Retry-After means nothing without a clock
        failed.error.retry_after.reset();
    }
    failed.attempt_class = connector::classify(response.status, effect);
    if (failed.attempt_class == model::AttemptClass::kDone) {  // a redirect is not followed
        failed.attempt_class = model::AttemptClass::kNotDone;
    }
    return failed;
}

connector::Failed changed_meanwhile(std::string_view id) {
    connector::Failed failed;
    failed.error.kind = ErrorKind::kConflict;
    failed.error.code = "PreconditionFailed";
    failed.error.http_status = 412;
    failed.error.message = "Referral " + std::string(id) +
                           " does not hold the written values and was changed by somebody else "
                           "after this step began.";
    failed.error.remedy =
        "Resubmit the run: it reads the referral again and works out the changes "
        "from what it is now.";
    failed.attempt_class = model::AttemptClass::kNotDone;
    return failed;
}

std::optional<Json> read_object(const http::Response& response) {
    auto body = parse_json(response.body, "the answer of Partner Center");
    if (!body || !body->is_object()) {
        return std::nullopt;
    }
    return std::move(*body);
}

bool is_success(const http::Response& response) {
    return response.status >= 200 && response.status < 300;
}

}  // namespace tideway::connectors::partner_center
