// Client and server over TLS: who is trusted, and under which name.
#include "engine/http/tls.h"

#include <gtest/gtest.h>

#include "engine/http/client.h"
#include "tests/support/client_thread.h"
#include "tests/support/raw_socket.h"
#include "tests/support/test_certificates.h"
#include "tests/support/test_server.h"

namespace tideway::http {
namespace {

using testing::ClientThread;
using testing::TestCertificates;
using testing::TestServer;

class TlsTest : public ::testing::Test {
  protected:
    static ServerOptions with(const TestCertificates::Files& files) {
        return ServerOptions{.certificate_file = files.certificate, .key_file = files.key};
    }

    static void echo(ServerRequest request, std::shared_ptr<Responder> responder) {
        responder->send({.status = 200, .body = std::move(request.body)});
    }

    NetworkPolicy trusting() const {
        return NetworkPolicy{.allow_private = true, .ca_file = certificates_.authority_file()};
    }

    TestCertificates certificates_;
    ClientThread client_;
};

TEST_F(TlsTest, TrustsTheAuthorityOfTheConnection) {
    TestServer server(&echo, with(certificates_.issue("IP:127.0.0.1")));
    for (const std::size_t size : {std::size_t{1}, std::size_t{20'000}, std::size_t{5'000'000}}) {
        const std::string body(size, 'x');
        const Exchange answer =
            client_.send({.method = "POST", .url = server.base_url(), .body = body}, trusting());
        ASSERT_TRUE(answer) << answer.error().error.text();
        EXPECT_EQ(answer->body, body);
    }
}

TEST_F(TlsTest, RefusesAnUnknownAuthority) {
    TestServer server(&echo, with(certificates_.issue("IP:127.0.0.1")));
    const Exchange answer = client_.send(
        {.method = "POST", .url = server.base_url(), .body = "x"}, {.allow_private = true}
    );
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_EQ(answer.error().error.kind, ErrorKind::kUnavailable);
    EXPECT_EQ(answer.error().error.code, "CertificateNotTrusted");
    EXPECT_NE(answer.error().error.remedy.find("ca_file"), std::string::npos);
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
    TestServer server(&echo, with(certificates_.issue("DNS:contoso.com,IP:10.0.0.1")));
    const Exchange answer = client_.get(server.base_url(), trusting());
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_EQ(answer.error().error.code, "CertificateForAnotherName");
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
    TestServer server(&echo, with(certificates_.issue_expired("IP:127.0.0.1")));
    const Exchange answer = client_.get(server.base_url(), trusting());
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_EQ(answer.error().error.code, "CertificateExpired");
    EXPECT_EQ(
        answer.error().error.message,
        "The certificate of 127.0.0.1:" + std::to_string(server.port()) + " has expired."
    );
}

TEST_F(TlsTest, NamesATrustFileThatCannotBeRead) {
    const Exchange answer = client_.get(
        "https://127.0.0.1:1/", {.allow_private = true, .ca_file = "/nowhere/authority.pem"}
    );
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().error.code, "CertificateUnreadable");
    EXPECT_NE(answer.error().error.message.find("/nowhere/authority.pem"), std::string::npos);
}

TEST_F(TlsTest, RefusesAPlainServer) {
    TestServer server(&echo);
    const Exchange answer =
        client_.get("https://127.0.0.1:" + std::to_string(server.port()), trusting());
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_EQ(answer.error().error.code, "TlsFailed");
}

TEST_F(TlsTest, ClosesAClientThatDoesNotSpeakTls) {
    ServerOptions options = with(certificates_.issue("IP:127.0.0.1"));
    options.read_timeout = std::chrono::milliseconds(50);
    TestServer server(&echo, options);
    boost::asio::io_context context;
    auto socket = testing::RawSocket::connect(context, server.port());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_all().find("200 OK"), std::string::npos);
    auto silent = testing::RawSocket::connect(context, server.port());
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_TRUE(client_.get(server.base_url(), trusting()));
}

TEST_F(TlsTest, RefusesALargeBodyWithAnAnswer) {
    ServerOptions options = with(certificates_.issue("IP:127.0.0.1"));
    options.body_bytes_max = 1000;
    TestServer server(&echo, options);
    const Exchange answer = client_.send(
        {.method = "POST", .url = server.base_url(), .body = std::string(200'000, 'x')}, trusting()
    );
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->status, 413);
}

TEST_F(TlsTest, StreamsEvents) {
    TestServer server(
        [](ServerRequest, std::shared_ptr<Responder> responder) {
            const auto stream = responder->stream();
            for (int i = 0; i < 3; ++i) {
                stream->send("n", std::to_string(i));
            }
            stream->close();
        },
        with(certificates_.issue("IP:127.0.0.1"))
    );
    const Exchange answer = client_.get(server.base_url(), trusting());
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->body, "event: n\ndata: 0\n\nevent: n\ndata: 1\n\nevent: n\ndata: 2\n\n");
}

TEST_F(TlsTest, NamesAKeyOfAnotherCertificate) {
    Loop loop;
    const auto one = certificates_.issue("IP:127.0.0.1");
    const auto other = certificates_.issue("IP:127.0.0.1");
    const auto server = start_server(
        loop, {.certificate_file = one.certificate, .key_file = other.key}, &TlsTest::echo
    );
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, "CertificateUnreadable");
    EXPECT_NE(server.error().message.find(other.key), std::string::npos);
}

TEST_F(TlsTest, KnowsUntilWhenACertificateIsValid) {
    const auto now = SystemClock().now();
    const auto end = certificate_end(certificates_.issue("IP:127.0.0.1").certificate);
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_NEAR(
        static_cast<double>(std::chrono::duration_cast<std::chrono::hours>(*end - now).count()),
        365 * 24,
        2
    );
    const auto none = certificate_end(certificates_.authority_file() + ".none");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "CertificateUnreadable");
}

}  // namespace
}  // namespace tideway::http
