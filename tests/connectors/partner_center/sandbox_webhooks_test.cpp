#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "connectors/partner_center/sandbox_signer.h"
#include "engine/base/digest.h"
#include "tests/connectors/partner_center/sandbox_fixture.h"

namespace tideway::connectors::partner_center {
namespace {

using sandbox_parts::Certificate;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class SandboxWebhooks : public SandboxFixture {
  protected:
    SandboxWebhooks() {
        SandboxOptions options = quiet();
        options.robot = RobotMode::kManual;
        start(std::move(options));
    }

    // The last segment of the ResourceUri of a notification.
    static std::string resource_of(const testing_support::FakeHttpClient::Sent& sent) {
        const auto body = parse_json(sent.request.body, "the notification");
        const std::string uri = body ? string_or(*body, "ResourceUri") : "";
        return uri.substr(uri.rfind('/') + 1);
    }

    Json delivery(std::size_t index) {
        return control("GET", "/sandbox/deliveries").body["deliveries"].at(index);
    }
};

TEST_F(SandboxWebhooks, E11KeepsOneRegistrationAndRefusesASecondPost) {
    EXPECT_EQ(call("GET", kRegistration).status, 404);
    EXPECT_EQ(call("PUT", kRegistration, {{"WebhookUrl", "https://a.example"}}).status, 404);
    const Answer made = subscribe();
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body["WebhookUrl"], "https://hooks.contoso.example/in");
    EXPECT_THAT(made.body["WebhookEvents"], SizeIs(5));
    const Answer again = subscribe();
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.body["source"], "PartnerFD");
    const Answer moved = call(
        "PUT",
        kRegistration,
        {{"webhookUrl", "https://staging.contoso.example/in"},
         {"webhookEvents", {"referral-created"}}}
    );
    EXPECT_EQ(moved.status, 200) << moved.text;
    EXPECT_EQ(moved.body["SubscriberId"], made.body["SubscriberId"]);
    const Json seen = call("GET", kRegistration).body;
    EXPECT_EQ(seen["WebhookUrl"], "https://staging.contoso.example/in");
    EXPECT_EQ(seen["WebhookEvents"], Json::array({"referral-created"}));
}

TEST_F(SandboxWebhooks, ListsTheEventNames) {
    const Json events = call("GET", std::string(kRegistration) + "/events").body;
    for (const char* name :
         {"referral-created",
          "referral-updated",
          "related-referral-created",
          "related-referral-updated",
          "test-created",
          "invoice-ready"}) {
        EXPECT_NE(std::ranges::find(events, Json(name)), events.end()) << name;
    }
}

TEST_F(SandboxWebhooks, RefusesUrlsAndEventsThatCannotWork) {
    const auto refused = [&](const Json& url, const Json& events) {
        return call("POST", kRegistration, {{"WebhookUrl", url}, {"WebhookEvents", events}}).status;
    };
    EXPECT_EQ(refused("not a url", {"referral-created"}), 400);
    EXPECT_EQ(refused("http://hooks.contoso.example/in", {"referral-created"}), 400);
    EXPECT_EQ(refused("https://hooks.contoso.example/in", {"referral-exploded"}), 400);
    EXPECT_EQ(refused("https://hooks.contoso.example/in", Json::array()), 400);
    EXPECT_EQ(refused("http://127.0.0.1:9/in", {"referral-created"}), 200) << "loopback may";
}

TEST_F(SandboxWebhooks, AnnouncesOwnAndRelatedReferralsUnderTheirNames) {
    subscribe();
    const Json own = post_own();
    const Json theirs = post_microsoft(own);
    patch(string_or(own, "id"), {replace_op("/campaignId", "x")});
    settle();
    EXPECT_THAT(
        sent_events(),
        ElementsAre("referral-created", "related-referral-created", "referral-updated")
    );
    EXPECT_EQ(resource_of(client_.sent.at(1)), theirs["id"]);
}

TEST_F(SandboxWebhooks, KeepsTheRegistrationWhenItsDealsAreForgotten) {
    subscribe();
    post_own();
    EXPECT_TRUE(control("DELETE", "/sandbox/deals").body["deals"].empty());
    EXPECT_TRUE(control("GET", "/sandbox/deals").body["deals"].empty());
    const Json own = post_own();
    settle();
    EXPECT_EQ(resource_of(client_.sent.back()), own["id"]);
}

TEST_F(SandboxWebhooks, SendsNothingAboutEventsThatNobodyRegistered) {
    subscribe({{"WebhookEvents", {"referral-updated"}}});
    post_microsoft(post_own());
    settle();
    EXPECT_THAT(sent_events(), IsEmpty());
}

TEST_F(SandboxWebhooks, FollowsCreationWithEchoesUnlessToldNotTo) {
    control("POST", "/sandbox/settings", {{"updates_per_create", 2}});
    subscribe();
    post_own();
    settle();
    EXPECT_THAT(
        sent_events(), ElementsAre("referral-created", "referral-updated", "referral-updated")
    );
    std::vector<std::string> times;
    for (const auto& sent : client_.sent) {
        times.push_back(string_or(*parse_json(sent.request.body, "it"), "ResourceChangeUtcDate"));
    }
    EXPECT_NE(times[1], times[2]) << "each is an event of its own";
}

TEST_F(SandboxWebhooks, E17NamesTheResourceOnTheOtherHostAndPath) {
    subscribe();
    const std::string id = string_or(post_own(), "id");
    settle();
    ASSERT_THAT(client_.sent, SizeIs(1));
    const Json body = *parse_json(client_.sent[0].request.body, "the notification");
    EXPECT_EQ(body["ResourceUri"], std::string(kWebhooksUrl) + "/engagements/v1/referrals/" + id);
    EXPECT_EQ(body["ResourceName"], "referral");
    EXPECT_TRUE(body["AuditUri"].is_null());
    EXPECT_THAT(
        string_or(body, "ResourceChangeUtcDate"),
        testing::MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]{7}\\+00:00")
    );
    EXPECT_EQ(call("GET", "/engagements/v1/referrals/" + id).id(), id);
}

// Verifies as a receiver does: chain, issuer, signature over the raw body.
TEST_F(SandboxWebhooks, E12SignsNotificationsWithACertificateThatItServes) {
    subscribe();
    post_own();
    settle();
    ASSERT_THAT(client_.sent, SizeIs(1));
    const http::Request& request = client_.sent[0].request;
    EXPECT_EQ(request.headers.get_or("X-MS-Signature-Algorithm", ""), "rsa-sha256");
    const std::string url = request.headers.get_or("X-MS-Certificate-Url", "");
    EXPECT_TRUE(url.starts_with(kWebhooksUrl) && url.ends_with(".cer")) << url;
    const std::string der = raw("GET", url.substr(std::string(kWebhooksUrl).size()), "", {}).text;
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const Certificate leaf(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
    ASSERT_NE(leaf, nullptr);

    const std::string pem = control("GET", "/sandbox/ca.pem").text;
    EXPECT_EQ(pem, sandbox_->authority_pem());
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    const Certificate authority(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    ASSERT_NE(authority, nullptr);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, authority.get());
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
    EXPECT_EQ(X509_verify_cert(context), 1)
        << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    char issuer[256] = {};
    X509_NAME_oneline(X509_get_issuer_name(leaf.get()), issuer, sizeof issuer);
    EXPECT_THAT(issuer, HasSubstr("O=Microsoft Corporation"));

    const std::string header = request.headers.get_or("Authorization", "");
    ASSERT_TRUE(header.starts_with("Signature ")) << header;
    const std::string signature = from_base64(header.substr(10)).value_or("");
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(digest, nullptr, EVP_sha256(), nullptr, X509_get0_pubkey(leaf.get()));
    EXPECT_EQ(
        EVP_DigestVerify(
            digest,
            reinterpret_cast<const unsigned char*>(signature.data()),
            signature.size(),
            reinterpret_cast<const unsigned char*>(request.body.data()),
            request.body.size()
        ),
        1
    );
    EVP_MD_CTX_free(digest);
}

TEST_F(SandboxWebhooks, E12MovesTheSignatureToItsOwnHeaderWhenAsked) {
    subscribe({{"SignatureTokenToMsSignatureHeader", true}});
    post_own();
    settle();
    ASSERT_THAT(client_.sent, SizeIs(1));
    const auto& headers = client_.sent[0].request.headers;
    EXPECT_FALSE(headers.get("Authorization").has_value());
    EXPECT_TRUE(headers.get_or("x-ms-signature", "").starts_with("Signature "));
}

TEST_F(SandboxWebhooks, E12GivesUpAfterTenAttempts) {
    subscribe();
    post_own();
    settle();
    for (int i = 0; i < 12; ++i) {
        if (client_.open_requests() > 0) {
            if (i % 2 == 0) {
                client_.reply(503, "");
            } else {
                client_.reply(client_.trouble(ErrorKind::kUnavailable, "refused"));
            }
        }
        loop_.poll();
        pass(std::chrono::seconds(1));
    }
    EXPECT_THAT(client_.sent, SizeIs(10));
    EXPECT_EQ(delivery(0)["state"], "parked");
    EXPECT_THAT(delivery(0)["attempts"], SizeIs(10));
    EXPECT_EQ(delivery(0)["attempts"][0]["status"], 503);
    EXPECT_THAT(string_or(delivery(0)["attempts"][1], "error"), HasSubstr("refused"));
}

TEST_F(SandboxWebhooks, StopsAtTheFirstSuccess) {
    subscribe();
    client_.will_answer(500, "");
    client_.will_answer(202, "");
    post_own();
    settle();
    pass(std::chrono::seconds(1));
    pass(std::chrono::seconds(1));
    EXPECT_THAT(client_.sent, SizeIs(2));
    EXPECT_EQ(delivery(0)["state"], "delivered");
}

TEST_F(SandboxWebhooks, E12DoublesDelaysAndReordersWhenTold) {
    subscribe();
    control(
        "POST",
        "/sandbox/deliveries",
        {{"duplicates", 1}, {"reorder", true}, {"reorder_window_ms", 200}, {"delay_ms", 1000}}
    );
    const std::string first = string_or(post_own(), "id");
    const std::string second = string_or(post_own(), "id");
    settle();
    EXPECT_THAT(client_.sent, IsEmpty());
    pass(std::chrono::milliseconds(1200));
    ASSERT_THAT(client_.sent, SizeIs(4));
    EXPECT_EQ(resource_of(client_.sent[0]), second);
    EXPECT_EQ(resource_of(client_.sent[3]), first);
    EXPECT_EQ(client_.sent[0].request.body, client_.sent[1].request.body);
}

TEST_F(SandboxWebhooks, HoldsNotificationsBackWhilePausedAndCanRepeatOne) {
    subscribe();
    control("POST", "/sandbox/deliveries", {{"paused", true}});
    post_own();
    pass(std::chrono::seconds(5));
    EXPECT_THAT(client_.sent, IsEmpty());
    control("POST", "/sandbox/deliveries", {{"paused", false}});
    settle();
    EXPECT_THAT(client_.sent, SizeIs(1));
    client_.reply(202, "");
    settle();
    const std::string id = std::to_string(delivery(0)["id"].get<int>());
    EXPECT_EQ(control("POST", "/sandbox/deliveries/" + id + "/resend").status, 200);
    settle();
    ASSERT_THAT(client_.sent, SizeIs(2));
    EXPECT_EQ(client_.sent[0].request.body, client_.sent[1].request.body);
    EXPECT_EQ(control("POST", "/sandbox/deliveries/999/resend").status, 404);
}

TEST_F(SandboxWebhooks, NeverSendsTheNextOnesThatItIsToldToLose) {
    subscribe();
    control("POST", "/sandbox/deliveries", {{"lose", 1}});
    post_own();
    const std::string second = string_or(post_own(), "id");
    settle();
    ASSERT_THAT(client_.sent, SizeIs(1));
    EXPECT_EQ(resource_of(client_.sent[0]), second);
    EXPECT_EQ(delivery(0)["state"], "parked");
    EXPECT_TRUE(delivery(0)["attempts"].empty());
}

TEST_F(SandboxWebhooks, RotatesItsCertificateUnderTheSameAuthority) {
    const std::string authority = sandbox_->authority_pem();
    subscribe();
    post_own();
    settle();
    control("POST", "/sandbox/certificates/rotate");
    post_own();
    settle();
    ASSERT_THAT(client_.sent, SizeIs(2));
    EXPECT_NE(
        client_.sent[0].request.headers.get("X-MS-Certificate-Url"),
        client_.sent[1].request.headers.get("X-MS-Certificate-Url")
    );
    EXPECT_EQ(sandbox_->authority_pem(), authority);
}

TEST_F(SandboxWebhooks, SendsAtMostTwoTestEventsAMinuteAndReportsThem) {
    const std::string tests = std::string(kRegistration) + "/validationEvents";
    EXPECT_EQ(call("POST", tests).status, 400) << "nothing is registered";
    subscribe();
    client_.will_answer(202, "");
    const Answer first = call("POST", tests);
    ASSERT_EQ(first.status, 200) << first.text;
    settle();
    const std::string id = string_or(first.body, "correlationId");
    const Json result = call("GET", tests + "/" + id).body;
    EXPECT_EQ(result["status"], "completed");
    EXPECT_EQ(result["callbackUrl"], "https://hooks.contoso.example/in");
    EXPECT_EQ(result["results"][0]["responseCode"], "Accepted");
    EXPECT_THAT(sent_events(), ElementsAre("test-created"));
    EXPECT_EQ(call("POST", tests).status, 200);
    const Answer third = call("POST", tests);
    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(third.headers.get_or("Retry-After", ""), "60");
    clock_.advance(std::chrono::minutes(1));
    EXPECT_EQ(call("POST", tests).status, 200);
    clock_.advance(std::chrono::hours(24 * 7));
    EXPECT_EQ(call("GET", tests + "/" + id).status, 404);
}

TEST_F(SandboxWebhooks, CanSendAWrongSignatureOrNone) {
    subscribe();
    control("POST", "/sandbox/deliveries", {{"tamper", "missing"}});
    post_own();
    settle();
    ASSERT_THAT(client_.sent, SizeIs(1));
    EXPECT_FALSE(client_.sent[0].request.headers.get("Authorization").has_value());
    control("POST", "/sandbox/deliveries", {{"tamper", "signature"}});
    post_own();
    settle();
    ASSERT_THAT(client_.sent, SizeIs(2));
    EXPECT_TRUE(client_.sent[1].request.headers.get("Authorization").has_value());
}

}  // namespace
}  // namespace tideway::connectors::partner_center
