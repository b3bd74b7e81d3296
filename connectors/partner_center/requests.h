// Requests to Partner Center's two services, with the headers that both want, and their refusals in
// words. Pure; thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

inline constexpr std::string_view kDefaultBaseUrl = "https://api.partner.microsoft.com";
inline constexpr std::string_view kDefaultWebhooksUrl = "https://api.partnercenter.microsoft.com";

// Makes the requests of one exchange. Request ids come from the idempotency key (reads: from the
// operation, its input and the time), so an exchange needs no randomness; a repeat of an effect
// carries the MS-RequestId of the first attempt, which is how Partner Center recognises it.
class Requests {
  public:
    explicit Requests(const connector::Call& call);
    // Outside an operation: tests and subscriptions. `purpose` tells their request ids apart.
    Requests(const Json& settings, std::string_view purpose);

    const std::string& referrals_url() const { return referrals_url_; }

    const std::string& registration_url() const { return registration_url_; }

    // The address of a referral; the id is encoded.
    std::string referral_url(std::string_view id) const;

    connector::Send get_referrals(const std::string& url);
    connector::Send write_referral(std::string method, std::string url, const Json& body);
    connector::Send get_webhooks(std::string_view path);
    // `body` null: none is sent.
    connector::Send write_webhooks(std::string method, std::string_view path, const Json& body);

    Timestamp now() const { return now_; }

  private:
    connector::Send make(std::string method, std::string url, std::string_view audience);

    std::string referrals_url_;
    std::string registration_url_;
    std::string seed_;  // the same for every attempt of an effect
    Timestamp now_;
    int sent_ = 0;
};

// An id that can be put into a path: Partner Center's are GUIDs.
bool is_referral_id(std::string_view id);

// What the service answered when it did not do it, with a remedy where Microsoft's text has none.
connector::Failed answered(
    const http::Response& response, model::EffectClass effect, Timestamp now
);

// The service found another version of the referral than the caller named or noted.
connector::Failed changed_meanwhile(std::string_view id);

// The body as an object, or nothing.
std::optional<Json> read_object(const http::Response& response);

bool is_success(const http::Response& response);

}  // namespace tideway::connectors::partner_center
