// The parts of the Partner Center sandbox put together. Its member functions are in several files:
// sandbox_service.cpp (state, events, Microsoft's robot), sandbox_referral_api.cpp,
// sandbox_webhook_api.cpp, sandbox_control.cpp. Thread: the loop's.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/partner_center/sandbox.h"
#include "connectors/partner_center/sandbox_delivery.h"
#include "connectors/partner_center/sandbox_referrals.h"
#include "connectors/partner_center/sandbox_schedule.h"
#include "connectors/partner_center/sandbox_signer.h"
#include "engine/http/router.h"

namespace tideway::connectors::partner_center::sandbox_parts {

class Service {
  public:
    Service(
        Loop& loop,
        http::Client& client,
        connector::SandboxIdentity& identity,
        const Clock& clock,
        SandboxOptions options
    );
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    void handle(http::ServerRequest request, std::shared_ptr<http::Responder> responder);
    void set_base_url(std::string referrals_url, std::string webhooks_url);
    const Signer& signer();
    Status load_state();

    connector::SandboxFaults& faults() { return faults_; }

  private:
    using Claims = connector::TokenClaims;
    using Reply = std::shared_ptr<http::Responder>;
    enum class Api { kReferrals, kWebhooks };

    // A test event and where it went.
    struct TestEvent {
        Timestamp at;
        std::string url;
    };

    // sandbox_service.cpp
    void serve(const http::ServerRequest& request, const Reply& reply);
    void on_change(const Referral& referral, ReferralBook::Change change);
    void notify_about(const Referral& referral, ReferralBook::Change change, Ticks changed);
    void ask_robot(const Referral& referral);
    void watch_expiry();
    void save_soon();
    void save();
    Json state() const;
    Outcome<Claims> authenticate(const http::ServerRequest& request, Api api) const;
    // `before`: the referral that was written; null for a new one.
    void remember_write(
        const http::ServerRequest& request, const Claims& claims, int status, const Json& before
    );

    // sandbox_referral_api.cpp
    http::Response referrals(const http::ServerRequest& request, Api api);
    const Referral* referral_at(std::string_view path) const;
    Outcome<http::Response> dispatch_referrals(
        const http::ServerRequest& request, const Claims& claims
    );
    Outcome<http::Response> list(const http::ServerRequest& request, const Claims& claims);
    Outcome<http::Response> one(
        const http::ServerRequest& request, const Claims& claims, const std::string& id
    );
    Outcome<http::Response> create(const http::ServerRequest& request, const Claims& claims);
    Outcome<http::Response> write_one(
        const http::ServerRequest& request, const Claims& claims, const std::string& id
    );
    http::Response resource(int status, const Referral& referral) const;
    Json dress(const Json& wire) const;
    std::string next_link(const http::ServerRequest& request, const std::string& token) const;

    // sandbox_webhook_api.cpp
    http::Response webhooks(const http::ServerRequest& request);
    Outcome<http::Response> dispatch_webhooks(
        const http::ServerRequest& request, const Claims& claims
    );
    Outcome<http::Response> put_registration(const http::ServerRequest& request);
    Outcome<http::Response> send_test_event(const Claims& claims);
    Outcome<http::Response> test_result(const std::string& correlation_id);
    Json registration_body() const;

    // sandbox_control.cpp
    http::Response control(const http::ServerRequest& request);
    Outcome<http::Response> dispatch_control(const http::ServerRequest& request);
    Outcome<http::Response> control_deals(
        const http::ServerRequest& request, const std::string& id, const Json& body
    );
    Outcome<http::Response> control_microsoft(const Json& body);
    Outcome<http::Response> control_deliveries(
        const http::ServerRequest& request, const std::string& rest, const Json& body
    );
    Outcome<http::Response> control_settings(const Json& body);
    void reset();

    connector::SandboxIdentity& identity_;
    http::Handler identity_handler_;
    SandboxOptions options_;
    Loop& loop_;
    VirtualClock clock_;
    Schedule schedule_;
    ReferralBook book_;
    Deliveries deliveries_;
    connector::SandboxFaults faults_;
    http::Handler guarded_;  // the APIs behind the faults
    std::optional<Signer> signer_;
    int certificate_generation_ = 1;
    std::optional<Registration> registration_;
    std::map<std::string, TestEvent> tests_;  // by correlation id
    std::deque<Json> writes_;
    std::string referrals_url_ = "http://127.0.0.1";
    std::string webhooks_url_ = "http://127.0.0.1";
    std::optional<Timestamp> expiry_watch_;
    bool save_pending_ = false;
    std::string save_error_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The last segments of a path after a prefix, decoded: "/a/b" -> {"a","b"}.
std::vector<std::string> segments_after(std::string_view path, std::string_view prefix);

}  // namespace tideway::connectors::partner_center::sandbox_parts
