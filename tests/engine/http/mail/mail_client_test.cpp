#include "engine/http/mail/mail_client.h"

#include <future>

#include <gtest/gtest.h>

#include "engine/http/mail/mail_message.h"
#include "tests/support/loop_thread.h"
#include "tests/support/smtp_server.h"
#include "tests/support/test_certificates.h"

namespace tideway::testing {
namespace {

using http::Mail;
using http::MailSecurity;
using http::MailServer;

class MailClient : public ::testing::Test {
  protected:
    MailClient()
        : client_(thread_.run([this] { return http::make_mail_client(thread_.loop()); })) {}

    ~MailClient() override {
        thread_.run([this] { client_.reset(); });
    }

    SmtpOptions with_tls() {
        const auto files = certificates_.issue("IP:127.0.0.1,DNS:localhost");
        return {.certificate_file = files.certificate, .key_file = files.key};
    }

    MailServer server_at(int port) const {
        MailServer out;
        out.host = "127.0.0.1";
        out.port = port;
        out.policy.allow_private = true;
        out.policy.ca_file = certificates_.authority_file();
        return out;
    }

    static Mail sample_mail() {
        http::MailText text;
        text.from = "tideway@contoso.com";
        text.to = {"ops@contoso.com", "ana@fabrikam.com"};
        text.subject = "Störung: Verbindung nach München";
        text.body = "First line\n.\nLast line\n";
        text.id = "<1@tideway>";
        text.date = from_micros(1'770'000'000'000'000);
        Mail mail;
        mail.from = text.from;
        mail.to = text.to;
        mail.message = http::write_mail(text);
        return mail;
    }

    Status send(const MailServer& server, Mail mail = sample_mail()) {
        auto promise = std::make_shared<std::promise<Status>>();
        auto future = promise->get_future();
        thread_.run([&] {
            client_->send(std::move(mail), server, [promise](Status status) {
                promise->set_value(std::move(status));
            });
        });
        return future.get();
    }

    static std::string code(const Status& status) { return status ? "" : status.error().code; }

    TestCertificates certificates_;
    LoopThread thread_;
    std::unique_ptr<http::MailClient> client_;
};

TEST_F(MailClient, SendsOverAnEncryptedConnectionAsTheSignedInUser) {
    SmtpOptions options = with_tls();
    options.password = "s3cret";
    SmtpServer smtp(options);
    MailServer server = server_at(smtp.port());
    server.user = "tideway";
    server.password = Secret("s3cret");
    const Status sent = send(server);
    ASSERT_TRUE(sent) << sent.error().text();
    ASSERT_EQ(smtp.mails().size(), 1U);
    const ReceivedMail mail = smtp.mails().front();
    EXPECT_TRUE(mail.was_encrypted);
    EXPECT_EQ(mail.user, "tideway");
    EXPECT_EQ(mail.from, "tideway@contoso.com");
    EXPECT_EQ(mail.to, (std::vector<std::string>{"ops@contoso.com", "ana@fabrikam.com"}));
    EXPECT_EQ(mail.body(), "First line\n.\nLast line\n");
    EXPECT_EQ(mail.header("Message-ID"), "<1@tideway>");
    EXPECT_EQ(mail.header("Date"), "Mon, 02 Feb 2026 02:40:00 +0000");
    EXPECT_EQ(mail.header("Auto-Submitted"), "auto-generated");
}

TEST_F(MailClient, SendsNothingToAServerThatOffersNoEncryption) {
    SmtpServer smtp;
    const Status sent = send(server_at(smtp.port()));
    EXPECT_EQ(code(sent), "MailNotEncrypted");
    EXPECT_NE(sent.error().remedy.find("security=none"), std::string::npos);
    EXPECT_TRUE(smtp.mails().empty());
}

TEST_F(MailClient, SendsInTheClearOnlyWhenTold) {
    SmtpServer smtp;
    MailServer server = server_at(smtp.port());
    server.security = MailSecurity::kNone;
    EXPECT_EQ(code(send(server)), "");
    EXPECT_FALSE(smtp.mails().front().was_encrypted);
}

TEST_F(MailClient, SpeaksTlsFromTheFirstByte) {
    SmtpOptions options = with_tls();
    options.is_tls_only = true;
    SmtpServer smtp(options);
    MailServer server = server_at(smtp.port());
    server.security = MailSecurity::kTls;
    EXPECT_EQ(code(send(server)), "");
    EXPECT_TRUE(smtp.mails().front().was_encrypted);
}

TEST_F(MailClient, TrustsOnlyCertificatesOfAKnownAuthority) {
    SmtpServer smtp(with_tls());
    MailServer server = server_at(smtp.port());
    server.policy.ca_file.clear();
    const Status sent = send(server);
    ASSERT_FALSE(sent);
    EXPECT_NE(sent.error().text().find("certificate"), std::string::npos) << sent.error().text();
    EXPECT_TRUE(smtp.mails().empty());
}

TEST_F(MailClient, TellsWhatTheServerSaidAboutTheSignIn) {
    SmtpOptions options = with_tls();
    options.password = "s3cret";
    SmtpServer smtp(options);
    MailServer server = server_at(smtp.port());
    server.user = "tideway";
    server.password = Secret("wrong");
    const Status sent = send(server);
    EXPECT_EQ(code(sent), "MailSignInRefused");
    EXPECT_NE(sent.error().message.find("the credentials are wrong"), std::string::npos);
    EXPECT_EQ(sent.error().text().find("wrong'"), std::string::npos);
}

TEST_F(MailClient, TellsWhatTheServerSaidAboutARecipient) {
    SmtpOptions options = with_tls();
    options.refusal = "550 5.1.1 nobody here";
    SmtpServer smtp(options);
    const Status sent = send(server_at(smtp.port()));
    EXPECT_EQ(code(sent), "MailRefused");
    EXPECT_NE(sent.error().message.find("550 5.1.1 nobody here"), std::string::npos);
}

TEST_F(MailClient, ReachesPrivateAddressesOnlyWhenAllowed) {
    SmtpServer smtp(with_tls());
    MailServer server = server_at(smtp.port());
    server.policy.allow_private = false;
    EXPECT_EQ(code(send(server)), "AddressForbidden");
    server.host = "localhost";
    EXPECT_EQ(code(send(server)), "AddressForbidden");
    EXPECT_EQ(smtp.connections(), 0);
}

TEST_F(MailClient, GivesUpOnAServerThatSaysNothing) {
    RawServer silent([](RawSocket& socket) { socket.read_all(); });
    Mail mail = sample_mail();
    mail.timeout = std::chrono::milliseconds(50);
    EXPECT_EQ(code(send(server_at(silent.port()), std::move(mail))), "RequestTimedOut");
}

TEST_F(MailClient, SaysThatNobodyListens) {
    int port = 0;
    {
        SmtpServer smtp;
        port = smtp.port();
    }
    EXPECT_EQ(code(send(server_at(port))), "ConnectionRefused");
}

}  // namespace
}  // namespace tideway::testing
