// A Partner Center sandbox without sockets: requests go straight into its handler, notifications
// into a recording client. Every answer of the referrals API is held against the contract.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "connectors/partner_center/sandbox.h"
#include "tests/connectors/partner_center/contract.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_responder.h"

namespace tideway::connectors::partner_center {

inline constexpr const char* kReferralsUrl = "http://127.0.0.1:7001";
inline constexpr const char* kWebhooksUrl = "http://localhost:7001";
inline constexpr const char* kReferrals = "/v1.0/engagements/referrals";
inline constexpr const char* kRegistration = "/webhooks/v1/registration";

class SandboxFixture : public testing::Test {
  protected:
    struct Answer {
        int status = 0;
        http::Headers headers;
        Json body;
        std::string text;

        std::string code() const { return string_or(error(), "code"); }

        std::string message() const { return string_or(error(), "message"); }

        std::string inner_code() const {
            const Json* inner = find(error(), "innerError");
            return inner == nullptr ? "" : string_or(*inner, "code");
        }

        const Json& error() const {
            const Json* out = find(body, "error");
            return out == nullptr ? body : *out;
        }

        std::string id() const { return string_or(body, "id"); }

        std::string etag() const { return string_or(body, "eTag"); }
    };

    SandboxFixture() { start({}); }

    static SandboxOptions quiet(SandboxOptions options = {}) {
        options.updates_per_create = 0;
        return options;
    }

    void start(SandboxOptions options) {
        identity_.put_user({"kai@contoso.example", "tide", "admin"});
        identity_.put_user({"uma@contoso.example", "tide", "user"});
        identity_.put_user({"nia@contoso.example", "tide", "none"});
        identity_.put_app({"sync-app", "s3cret", "admin"});
        sandbox_ = std::make_unique<Sandbox>(loop_, client_, identity_, clock_, std::move(options));
        sandbox_->set_base_url(kReferralsUrl, kWebhooksUrl);
    }

    std::string token(std::string user, std::string role, std::string audience) const {
        return identity_.issue(
            {"contoso",
             "sync-app",
             std::move(user),
             std::move(role),
             std::move(audience),
             clock_.now() + std::chrono::hours(1)}
        );
    }

    // A request with just these headers, besides what HTTP itself needs.
    Answer raw(
        const std::string& method,
        const std::string& target,
        const std::string& body,
        http::Headers headers
    ) {
        if (!body.empty() && !headers.get("Transfer-Encoding")) {
            headers.set("Content-Length", std::to_string(body.size()));
        }
        if (!body.empty() && !headers.get("Content-Type")) {
            headers.set("Content-Type", "application/json");
        }
        auto responder = std::make_shared<test_support::RecordingResponder>();
        sandbox_->handler(
        )(test_support::make_request(method, target, body, std::move(headers)), responder);
        loop_.poll();
        Answer out;
        cut_ = responder->was_cut;
        if (!responder->answer) {
            return out;
        }
        out.status = responder->answer->status;
        out.headers = responder->answer->headers;
        out.text = responder->answer->body;
        if (auto parsed = parse_json(out.text, "the answer")) {
            out.body = std::move(*parsed);
        }
        hold_against_contract(target, out);
        return out;
    }

    // As an administrator, with a token of the right audience.
    Answer call(
        const std::string& method,
        const std::string& target,
        const Json& body = nullptr,
        http::Headers headers = {}
    ) {
        const bool hooks = target.starts_with("/webhooks") || target.starts_with("/engagements");
        return call_as(
            "kai@contoso.example",
            "admin",
            method,
            target,
            body,
            std::move(headers),
            hooks ? kWebhooksUrl : kReferralsUrl
        );
    }

    Answer call_as(
        const std::string& user,
        const std::string& role,
        const std::string& method,
        const std::string& target,
        const Json& body = nullptr,
        http::Headers headers = {},
        const std::string& audience = kReferralsUrl
    ) {
        headers.set("Authorization", "Bearer " + token(user, role, audience));
        return raw(method, target, body.is_null() ? "" : dump(body), std::move(headers));
    }

    static std::string item(const std::string& id) { return std::string(kReferrals) + "/" + id; }

    Answer get(const std::string& id) { return call("GET", item(id)); }

    static Json replace_op(const std::string& path, Json value) {
        return {{"op", "replace"}, {"path", path}, {"value", std::move(value)}};
    }

    // A list of JSON Patch operations; of one too, which Json's own braces would not make a list.
    using Operations = std::vector<Json>;

    Answer patch(const std::string& id, const Operations& operations, http::Headers headers = {}) {
        return call("PATCH", item(id), Json(operations), std::move(headers));
    }

    // PATCHes with Prefer: return=representation.
    Answer patch_back(const std::string& id, const Operations& operations) {
        return patch(id, operations, {{"Prefer", "return=representation"}});
    }

    static Operations accepted_ops() {
        return {replace_op("/status", "Active"), replace_op("/substatus", "Accepted")};
    }

    static Operations closed_ops(const std::string& substatus) {
        return {replace_op("/status", "Closed"), replace_op("/substatus", substatus)};
    }

    static Json team_of(const std::string& email) { return Json::array({Json{{"email", email}}}); }

    static Json own_deal() {
        return Json::parse(R"({"name":"Fabrikam telemetry","externalReferenceId":"crm-1",
"status":"New","substatus":"Pending","qualification":"SalesQualified","type":"Shared",
"target":[{"type":"SolutionProfile","id":"SOL-20001-XYZ"}],
"customerProfile":{"name":"Fabrikam","size":"51to250employees","address":{
 "addressLine1":"1 Quay Rd","city":"Leeds","state":"","postalCode":"LS1 1AA","country":"GB"},
 "team":[{"firstName":"Ana","lastName":"Ruiz","phoneNumber":"+441130000000",
 "email":"ana@fabrikam.example"}],"ids":[]},
"consent":{"consentToToShareInfoWithOthers":true,"consentToContact":true,
 "consentToShareReferralWithMicrosoftSellers":true},
"details":{"notes":"Wants a pilot","dealValue":42000,"currency":"GBP",
 "closingDateTime":"2026-12-31T00:00:00Z","requirements":{"industries":[],
 "products":[{"id":"Azure"}],"services":[],
 "solutions":[{"id":"SOL-20001-XYZ","name":"Telemetry Hub","type":"Name"}]}},
"team":[{"firstName":"Kai","lastName":"Berg","phoneNumber":"+4700000000",
 "email":"kai@contoso.example"}]})");
    }

    static Json microsoft_deal(const Json& own) {
        Json out = own_deal();
        out["engagementId"] = own.value("engagementId", "");
        out["target"] = Json::array({{{"type", "BusinessProfileLocation"}, {"id", "msft"}}});
        out["details"]["requirements"]["solutions"] = Json::array();
        out["inviteContext"] = {
            {"notes", "Please help"},
            {"assistanceRequestCode", "ProofOfConceptOrDemo"},
            {"invitedBy",
             {{"organizationId", own.value("organizationId", "")},
              {"organizationName", own.value("organizationName", "")}}}};
        return out;
    }

    Json post_own() {
        const Answer out = call("POST", kReferrals, own_deal());
        EXPECT_EQ(out.status, 200) << out.text;
        return out.body;
    }

    Json post_microsoft(const Json& own) {
        const Answer out = call("POST", kReferrals, microsoft_deal(own));
        EXPECT_EQ(out.status, 200) << out.text;
        return out.body;
    }

    Json announce(const Json& overrides = Json::object()) {
        const Answer out = raw("POST", "/sandbox/deals", dump(overrides), {});
        EXPECT_EQ(out.status, 201) << out.text;
        return out.body;
    }

    Answer control(const std::string& method, const std::string& path, const Json& body = nullptr) {
        return raw(method, path, body.is_null() ? "" : dump(body), {});
    }

    Answer list(const std::string& query) {
        return call("GET", std::string(kReferrals) + "?" + query);
    }

    Answer filtered(const std::string& filter) {
        return list("$filter=" + http::encode_component(filter));
    }

    static std::vector<std::string> ids(const Answer& page) {
        std::vector<std::string> out;
        for (const Json& one : page.body.value("value", Json::array())) {
            out.push_back(string_or(one, "id"));
        }
        return out;
    }

    Answer subscribe(Json extra = Json::object()) {
        Json body = {
            {"WebhookUrl", "https://hooks.contoso.example/in"},
            {"WebhookEvents",
             {"referral-created",
              "referral-updated",
              "related-referral-created",
              "related-referral-updated",
              "test-created"}}};
        body.update(extra);
        return call("POST", kRegistration, body);
    }

    // Lets due notifications leave.
    void settle() {
        loop_.poll();
        control("GET", "/sandbox/status");
        loop_.poll();
    }

    void pass(Duration time) {
        clock_.advance(time);
        settle();
    }

    // Names and resource ids of the notifications sent, in order.
    std::vector<std::string> sent_events() const {
        std::vector<std::string> out;
        for (const auto& sent : client_.sent) {
            const auto body = parse_json(sent.request.body, "the notification");
            out.push_back(body ? string_or(*body, "EventName") : "not JSON");
        }
        return out;
    }

    testing_support::ManualClock clock_;
    Loop loop_;
    testing_support::FakeHttpClient client_{loop_};
    connector::SandboxIdentity identity_{clock_};
    std::unique_ptr<Sandbox> sandbox_;
    Contract contract_;
    bool cut_ = false;

  private:
    void hold_against_contract(const std::string& target, const Answer& answer) {
        if (!target.starts_with(kReferrals) || answer.status != 200) {
            return;
        }
        const std::string body = answer.body.contains("value") ? "list" : "referral";
        for (const std::string& finding : contract_.findings(answer.body, body)) {
            ADD_FAILURE() << target << ": " << finding;
        }
    }
};

}  // namespace tideway::connectors::partner_center
