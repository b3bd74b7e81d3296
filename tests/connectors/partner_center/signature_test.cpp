#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "connectors/partner_center/notification.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "engine/base/digest.h"
#include "engine/base/uid.h"
#include "tests/support/connector_call.h"
#include "tests/support/issued_certificates.h"

namespace tideway::connectors::partner_center {
namespace {

using test::answer;
using test::CertificateWish;
using test::Conversation;
using test::TestCertificate;

constexpr const char* kCertificateUrl = "https://pc.microsoft.com/cert/notifications.cer";
constexpr const char* kBody =
    R"({"EventName":"referral-updated","ResourceUri":"https://api.partnercenter.microsoft.com/)"
    R"(engagements/v1/referrals/0f9d0b7c-1111-4222-8333-444455556666","ResourceName":"referral",)"
    R"("AuditUri":null,"ResourceChangeUtcDate":"2026-02-03T10:11:12.1234567+00:00"})";

CertificateWish authority(const std::string& name, const std::string& organization) {
    CertificateWish wish;
    wish.common_name = name;
    wish.organization = organization;
    wish.is_authority = true;
    return wish;
}

CertificateWish leaf(const std::string& issuer_url = {}) {
    CertificateWish wish;
    wish.common_name = "pcnotifications.example";
    wish.organization = "Contoso";
    wish.issuer_url = issuer_url;
    return wish;
}

// Keys take a while to make: one family for all tests.
struct Family {
    TestCertificate root = TestCertificate::self_signed(authority("Root", "Contoso Roots"));
    TestCertificate issuing = root.issue(authority("Issuing", "Microsoft Corporation"));
    TestCertificate signer =
        issuing.issue(leaf("http://www.microsoft.com/pkiops/certs/issuing.crt"));
    TestCertificate from_others = root.issue(leaf());
};

const Family& family() {
    static const Family instance;
    return instance;
}

class PartnerCenterSignature : public ::testing::Test {
  protected:
    void SetUp() override {
        file_ =
            std::filesystem::temp_directory_path() / ("tideway_" + Uid::random().hex() + ".pem");
        std::ofstream(file_) << family().root.pem();
        incoming_.method = "POST";
        incoming_.body = kBody;
        incoming_.config = Json::object();
        incoming_.settings = {{"ca_file", file_.string()}};
        incoming_.now = test::at("2026-02-03T10:12:00Z");
        sign_with(family().signer);
    }

    void TearDown() override { std::filesystem::remove(file_); }

    void sign_with(const TestCertificate& certificate) {
        incoming_.headers = {
            {"x-ms-signature", "Signature " + to_base64(certificate.sign(incoming_.body))},
            {"X-MS-Certificate-Url", kCertificateUrl},
            {"X-MS-Signature-Algorithm", "rsa-sha256"}};
    }

    Conversation receive() {
        return Conversation(connector_->receive(model::TriggerSpec(), incoming_));
    }

    // Answers the certificate and its issuer as they are asked for.
    Conversation receive_with(const std::string& certificate) {
        Conversation talk = receive();
        if (talk.is_asking()) {
            talk.hears(answer(200, certificate));
        }
        if (talk.is_asking()) {
            talk.hears(answer(200, family().issuing.der()));
        }
        return talk;
    }

    void expect_refused(const Conversation& talk, int status, std::string_view code) {
        ASSERT_TRUE(talk.is_failed());
        EXPECT_EQ(talk.error().http_status, status) << talk.error().message;
        EXPECT_EQ(talk.error().code, code);
    }

    std::unique_ptr<connector::Connector> connector_ = make_connector();
    connector::Incoming incoming_;
    std::filesystem::path file_;
};

TEST_F(PartnerCenterSignature, AcceptsASignedEventAndFetchesCertificateAndIssuerWithoutAToken) {
    Conversation talk = receive();
    EXPECT_EQ(talk.line(), std::string("GET ") + kCertificateUrl);
    EXPECT_EQ(talk.send().audience, "");
    EXPECT_FALSE(talk.send().is_effect);
    talk.hears(answer(200, family().signer.der()));
    EXPECT_EQ(talk.line(), "GET https://www.microsoft.com/pkiops/certs/issuing.crt");
    talk.hears(answer(200, family().issuing.der()));
    ASSERT_TRUE(talk.is_done());
    const Json item = talk.output()["events"][0];
    EXPECT_EQ(
        item["event"],
        Json(
            {{"event_name", "referral-updated"},
             {"referral_id", "0f9d0b7c-1111-4222-8333-444455556666"},
             {"resource_uri",
              "https://api.partnercenter.microsoft.com/engagements/v1/referrals/"
              "0f9d0b7c-1111-4222-8333-444455556666"},
             {"resource_name", "referral"},
             {"changed_at", "2026-02-03T10:11:12.1234567+00:00"}}
        )
    );
    EXPECT_EQ(
        item["dedupe_key"],
        "referral-updated https://api.partnercenter.microsoft.com/engagements/v1/referrals/"
        "0f9d0b7c-1111-4222-8333-444455556666 2026-02-03T10:11:12.1234567+00:00"
    );
    EXPECT_EQ(item["change"]["record"], "0f9d0b7c-1111-4222-8333-444455556666");
    EXPECT_EQ(item["change"]["version"], "2026-02-03T10:11:12.123456Z");
}

TEST_F(PartnerCenterSignature, AcceptsTheSignatureInAuthorizationAndAPemChain) {
    incoming_.headers.remove("x-ms-signature");
    incoming_.headers.set(
        "Authorization", "Signature " + to_base64(family().signer.sign(incoming_.body))
    );
    Conversation talk = receive();
    talk.hears(answer(200, family().signer.pem() + family().issuing.pem()));
    EXPECT_TRUE(talk.is_done());
}

TEST_F(PartnerCenterSignature, KeepsATrustedCertificateForAnHour) {
    ASSERT_TRUE(receive_with(family().signer.der()).is_done());
    EXPECT_TRUE(receive().is_done());
    incoming_.now += std::chrono::minutes(61);
    EXPECT_TRUE(receive().is_asking());
}

TEST_F(PartnerCenterSignature, FetchesARotatedCertificateButNotForEveryBadSignature) {
    ASSERT_TRUE(receive_with(family().signer.der()).is_done());
    incoming_.body += " ";
    expect_refused(receive(), 401, "SignatureInvalid");
    incoming_.now += std::chrono::minutes(2);
    EXPECT_TRUE(receive().is_asking());
}

TEST_F(PartnerCenterSignature, RefusesWhatHasNoSignature) {
    incoming_.headers.remove("x-ms-signature");
    expect_refused(receive(), 401, "SignatureMissing");
    incoming_.headers.set("Authorization", "Bearer abc");
    expect_refused(receive(), 401, "SignatureMissing");
}

TEST_F(PartnerCenterSignature, RefusesMissingHeadersAsABadRequest) {
    incoming_.headers.remove("X-MS-Certificate-Url");
    expect_refused(receive(), 400, "SignatureHeaderMissing");
    sign_with(family().signer);
    incoming_.headers.remove("X-MS-Signature-Algorithm");
    expect_refused(receive(), 400, "SignatureHeaderMissing");
}

TEST_F(PartnerCenterSignature, RefusesWeakDigests) {
    incoming_.headers.set("X-MS-Signature-Algorithm", "rsa-sha1");
    expect_refused(receive(), 400, "SignatureAlgorithmRefused");
}

TEST_F(PartnerCenterSignature, NeverFetchesFromAHostThatIsNotAllowed) {
    for (const char* url :
         {"https://evil.example/a.cer",
          "http://pc.microsoft.com/a.cer",
          "https://microsoft.com.evil.example/a.cer",
          "https://x@evil.example/.microsoft.com",
          "https://evilmicrosoft.com/a.cer",
          "file:///etc/passwd",
          "https://169.254.169.254/"}) {
        incoming_.headers.set("X-MS-Certificate-Url", url);
        expect_refused(receive(), 401, "CertificateUrlRefused");
    }
}

TEST_F(PartnerCenterSignature, OnlyASandboxMayServeItsCertificateOverPlainHttp) {
    incoming_.headers.set("X-MS-Certificate-Url", "http://127.0.0.1:8123/cert.cer");
    incoming_.settings["webhooks_url"] = "http://127.0.0.1:8123";
    expect_refused(receive(), 401, "CertificateUrlRefused");
    incoming_.settings["is_sandbox"] = true;
    EXPECT_TRUE(receive().is_asking());
}

TEST_F(PartnerCenterSignature, RefusesACertificateThatLeadsToNoTrustedRoot) {
    const TestCertificate strange =
        TestCertificate::self_signed(authority("Strange", "Microsoft Corporation"));
    const TestCertificate signer = strange.issue(leaf());
    sign_with(signer);
    expect_refused(receive_with(signer.der()), 401, "CertificateUntrusted");
    expect_refused(receive_with(signer.pem() + strange.pem()), 401, "CertificateUntrusted");
}

TEST_F(PartnerCenterSignature, RefusesATrustedCertificateOfAnotherIssuer) {
    sign_with(family().from_others);
    expect_refused(receive_with(family().from_others.der()), 401, "CertificateIssuerRefused");
}

TEST_F(PartnerCenterSignature, RefusesAnExpiredCertificate) {
    incoming_.now = test::at("2040-01-01T00:00:00Z");
    expect_refused(receive_with(family().signer.der()), 401, "CertificateUntrusted");
}

TEST_F(PartnerCenterSignature, RefusesABodyThatWasChanged) {
    incoming_.body.replace(incoming_.body.find("updated"), 7, "created");
    expect_refused(receive_with(family().signer.der()), 401, "SignatureInvalid");
}

TEST_F(PartnerCenterSignature, ASignatureWithAnotherDigestThanNamedIsInvalid) {
    incoming_.headers.set("X-MS-Signature-Algorithm", "RSA-SHA512");
    expect_refused(receive_with(family().signer.der()), 401, "SignatureInvalid");
    incoming_.headers.set(
        "x-ms-signature",
        "Signature " + to_base64(family().signer.sign(incoming_.body, EVP_sha512()))
    );
    incoming_.now += std::chrono::minutes(2);
    EXPECT_TRUE(receive_with(family().signer.der()).is_done());
}

TEST_F(PartnerCenterSignature, AskTheSenderToTryAgainWhenTheCertificateCannotBeHad) {
    Conversation talk = receive();
    talk.hears(answer(500));
    expect_refused(talk, 503, "CertificateUnavailable");
    incoming_.settings["ca_file"] = "/nowhere/ca.pem";
    expect_refused(receive_with(family().signer.der()), 503, "CertificateFileUnreadable");
}

TEST_F(PartnerCenterSignature, RefusesWhatIsNotACertificate) {
    expect_refused(receive_with("<html>not found</html>"), 401, "CertificateInvalid");
}

TEST_F(PartnerCenterSignature, BodiesAreReadOnlyAfterTheirSignature) {
    incoming_.body = "not JSON";
    sign_with(family().signer);
    expect_refused(receive_with(family().signer.der()), 400, "NotificationInvalid");
}

TEST(PartnerCenterNotification, MissingOrWrongFieldsAreABadRequest) {
    for (const char* key : {"EventName", "ResourceUri", "ResourceName", "ResourceChangeUtcDate"}) {
        Json body = Json::parse(kBody);
        body.erase(key);
        const auto read = read_notification(body.dump(), Json::object());
        ASSERT_FALSE(read.has_value()) << key;
        EXPECT_EQ(read.error().http_status, 400) << key;
    }
    Json body = Json::parse(kBody);
    body["ResourceChangeUtcDate"] = "yesterday";
    EXPECT_FALSE(read_notification(body.dump(), Json::object()).has_value());
}

TEST(PartnerCenterNotification, EventsAboutOtherThingsAreIgnored) {
    Json body = Json::parse(kBody);
    body["ResourceName"] = "invoice";
    EXPECT_EQ(
        read_notification(body.dump(), Json::object()).value(), Json({{"events", Json::array()}})
    );
}

TEST(PartnerCenterNotification, ATriggerCanNameTheEventsItWants) {
    const Json config = {{"events", {"referral-created"}}};
    EXPECT_TRUE(read_notification(kBody, config).value()["events"].empty());
    const Json wider = {{"events", {"referral-created", "referral-updated"}}};
    EXPECT_EQ(read_notification(kBody, wider).value()["events"].size(), 1U);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
