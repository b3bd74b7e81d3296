// What the client says when no complete answer comes, and whether it owns up to having sent.
#include <atomic>

#include <gtest/gtest.h>

#include "engine/http/client.h"
#include "tests/support/client_thread.h"
#include "tests/support/raw_socket.h"
#include "tests/support/test_server.h"

namespace tideway::http {
namespace {

using std::chrono::milliseconds;
using testing::ClientThread;
using testing::RawServer;
using testing::RawSocket;
using testing::TestServer;

class ClientFailure : public ::testing::Test {
  protected:
    TransportError fail_with(Request request, NetworkPolicy policy = ClientThread::local()) {
        const Exchange answer = client_.send(std::move(request), std::move(policy));
        EXPECT_FALSE(answer);
        return answer ? TransportError{} : answer.error();
    }

    ClientThread client_;
};

// A port that nobody listens on any more.
int free_port() {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
}

// Connects but never accepts, so that nobody ever answers.
class BlackHole {
  public:
    int port() const { return acceptor_.local_endpoint().port(); }

  private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_{
        context_, {boost::asio::ip::address_v4::loopback(), 0}};
};

TEST_F(ClientFailure, IsNotSentWhenTheConnectionIsRefused) {
    const std::string host = "127.0.0.1:" + std::to_string(free_port());
    const TransportError failure = fail_with({.method = "POST", .url = "http://" + host});
    EXPECT_FALSE(failure.sent);
    EXPECT_EQ(failure.error.kind, ErrorKind::kUnavailable);
    EXPECT_EQ(failure.error.code, "ConnectionRefused");
    EXPECT_EQ(failure.error.message, host + " refused the connection.");
}

TEST_F(ClientFailure, IsNotSentWhenTheNameIsUnknown) {
    const TransportError failure = fail_with({.url = "https://contoso.invalid/secret?sig=1"});
    EXPECT_FALSE(failure.sent);
    EXPECT_EQ(failure.error.code, "UnresolvableHostName");
    EXPECT_EQ(failure.error.message, "contoso.invalid could not be found (DNS).");
}

TEST_F(ClientFailure, IsInDoubtWhenNoAnswerComesInTime) {
    std::shared_ptr<Responder> kept;
    TestServer server([&kept](ServerRequest, std::shared_ptr<Responder> responder) {
        kept = std::move(responder);
    });
    const TransportError failure = fail_with(
        {.method = "POST", .url = server.base_url(), .body = "x", .timeout = milliseconds(150)}
    );
    EXPECT_TRUE(failure.sent);
    EXPECT_EQ(failure.error.kind, ErrorKind::kTimeout);
    EXPECT_EQ(
        failure.error.message,
        "127.0.0.1:" + std::to_string(server.port()) + " did not answer within 150 ms."
    );
    server.run([&kept] { kept.reset(); });
}

TEST_F(ClientFailure, IsInDoubtWhenTheAnswerStopsInTheMiddle) {
    RawServer server([](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        socket.read_all();  // until the client gives up
    });
    const TransportError failure =
        fail_with({.url = server.base_url(), .timeout = milliseconds(150)});
    EXPECT_TRUE(failure.sent);
    EXPECT_EQ(failure.error.kind, ErrorKind::kTimeout);
}

TEST_F(ClientFailure, IsNotSentWhenTlsIsNotAnsweredInTime) {
    BlackHole hole;
    const TransportError failure = fail_with(
        {.method = "POST",
         .url = "https://127.0.0.1:" + std::to_string(hole.port()),
         .body = "x",
         .timeout = milliseconds(150)}
    );
    EXPECT_FALSE(failure.sent);
    EXPECT_EQ(failure.error.kind, ErrorKind::kTimeout);
    EXPECT_TRUE(failure.error.message.ends_with("could not be reached within 150 ms."))
        << failure.error.message;
}

TEST_F(ClientFailure, BoundsTheConnectByItself) {
    BlackHole hole;
    ClientThread client(ClientOptions{.connect_timeout = milliseconds(100)});
    const Exchange answer =
        client.send({.url = "https://127.0.0.1:" + std::to_string(hole.port())});
    ASSERT_FALSE(answer);
    EXPECT_FALSE(answer.error().sent);
    EXPECT_EQ(answer.error().error.code, "ConnectionTimedOut");
}

TEST_F(ClientFailure, BoundsRequestsThatQueueForAConnection) {
    std::vector<std::shared_ptr<Responder>> held;
    TestServer server([&held](ServerRequest, std::shared_ptr<Responder> responder) {
        held.push_back(std::move(responder));
    });
    std::vector<std::future<Exchange>> answers;
    for (std::size_t i = 0; i < limits::kConnectionsPerHostMax + 10; ++i) {
        answers.push_back(client_.start({.url = server.base_url(), .timeout = milliseconds(400)}));
    }
    std::size_t sent = 0;
    for (auto& answer : answers) {
        const Exchange exchange = answer.get();
        ASSERT_FALSE(exchange);
        EXPECT_EQ(exchange.error().error.kind, ErrorKind::kTimeout);
        sent += exchange.error().sent ? 1U : 0U;
    }
    EXPECT_GE(sent, limits::kConnectionsPerHostMax);
    server.run([&held] { held.clear(); });
}

TEST_F(ClientFailure, IsInDoubtWhenTheAnswerIsNotComplete) {
    const std::string answers[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",
        std::string("\0\0\0\0", 4),
    };
    for (const std::string& bytes : answers) {
        RawServer server([&bytes](RawSocket& socket) {
            socket.read_until("\r\n\r\n");
            socket.write(bytes);
        });
        const TransportError failure = fail_with({.url = server.base_url()});
        EXPECT_TRUE(failure.sent) << bytes;
        EXPECT_EQ(failure.error.kind, ErrorKind::kUnavailable) << bytes;
        EXPECT_FALSE(failure.error.message.empty());
    }
}

TEST_F(ClientFailure, NeverRepeatsAnEffectOnItsOwn) {
    std::atomic<int> posts = 0;
    RawServer server([&posts](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        // The pooled connection takes the second request and dies without a word.
        if (!socket.read_until("\r\n\r\n").empty()) {
            ++posts;
        }
    });
    ASSERT_TRUE(client_.get(server.base_url()));
    const TransportError failure = fail_with({.method = "POST", .url = server.base_url()});
    EXPECT_TRUE(failure.sent);
    EXPECT_EQ(failure.error.code, "ConnectionClosed");
    EXPECT_EQ(posts, 1);
}

TEST_F(ClientFailure, RepeatsAReadOverAFreshConnection) {
    std::atomic<int> connections = 0;
    RawServer server([&connections](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        const int connection = ++connections;
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        if (connection == 1) {
            socket.read_until("\r\n\r\n");  // taken from the pool, and it dies
        }
    });
    ASSERT_TRUE(client_.get(server.base_url()));
    const Exchange second = client_.get(server.base_url());
    ASSERT_TRUE(second) << second.error().error.text();
    EXPECT_EQ(second->body, "x");
    EXPECT_EQ(connections, 2);
}

TEST_F(ClientFailure, StopsAtAnAnswerThatIsTooLarge) {
    TestServer server([](ServerRequest request, std::shared_ptr<Responder> responder) {
        responder->send(
            {.status = 200, .body = std::string(request.path == "/fits" ? 1000 : 1001, 'x')}
        );
    });
    RawServer endless([](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (socket.write("5\r\nabcde\r\n")) {
        }
    });
    RawServer chatty([](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\n");
        while (socket.write("X-More: and more\r\n")) {
        }
    });
    ClientThread client(ClientOptions{.response_bytes_max = 1000});
    EXPECT_TRUE(client.get(server.base_url() + "/fits"));
    for (const std::string& url :
         {server.base_url() + "/large", endless.base_url(), chatty.base_url()}) {
        const Exchange answer = client.get(url);
        ASSERT_FALSE(answer) << url;
        EXPECT_TRUE(answer.error().sent);
        EXPECT_EQ(answer.error().error.kind, ErrorKind::kLimit);
        EXPECT_EQ(answer.error().error.code, "ResponseTooLarge");
    }
}

TEST_F(ClientFailure, RefusesPrivateAddressesBeforeAnythingIsSent) {
    std::atomic<int> reached = 0;
    TestServer server([&reached](ServerRequest, std::shared_ptr<Responder> responder) {
        ++reached;
        responder->send({.status = 200});
    });
    const std::string port = std::to_string(server.port());
    const NetworkPolicy strict{.allow_plain_http = true};
    for (const std::string& host :
         {std::string("127.0.0.1"),
          std::string("localhost"),
          std::string("[::1]"),
          std::string("0.0.0.0"),
          std::string("127.1"),
          std::string("0x7f000001"),
          std::string("2130706433"),
          std::string("[::ffff:127.0.0.1]"),
          std::string("127.0.0.1.")}) {
        const TransportError failure = fail_with({.url = "http://" + host + ":" + port}, strict);
        EXPECT_EQ(failure.error.kind, ErrorKind::kForbidden) << host << failure.error.text();
        EXPECT_FALSE(failure.sent) << host;
        EXPECT_TRUE(failure.error.text().find("allow_private_network") != std::string::npos)
            << host;
    }
    EXPECT_EQ(reached, 0);
}

TEST_F(ClientFailure, RefusesPlainHttpUnlessAllowed) {
    const TransportError failure =
        fail_with({.url = "http://127.0.0.1:1/"}, NetworkPolicy{.allow_private = true});
    EXPECT_FALSE(failure.sent);
    EXPECT_EQ(failure.error.kind, ErrorKind::kForbidden);
    EXPECT_EQ(failure.error.code, "PlainHttpForbidden");
}

TEST_F(ClientFailure, RefusesHostsThatAreNotAllowed) {
    NetworkPolicy policy = ClientThread::local();
    policy.allowed_hosts = {"contoso.com", "*.Microsoft.com"};
    for (const char* url : {
             "https://fabrikam.com/",
             "https://evilcontoso.com/",
             "https://microsoft.com/",
             "https://evilmicrosoft.com/",
             "https://contoso.com.evil.example/",
             "https://127.0.0.1/contoso.com",
         }) {
        const TransportError failure = fail_with({.url = url}, policy);
        EXPECT_EQ(failure.error.code, "HostForbidden") << url;
        EXPECT_FALSE(failure.sent) << url;
    }
    policy.allowed_hosts.emplace_back("127.0.0.1");
    TestServer server([](ServerRequest, std::shared_ptr<Responder> responder) {
        responder->send({.status = 200});
    });
    EXPECT_TRUE(client_.get(server.base_url(), policy));
}

TEST_F(ClientFailure, RefusesWhatIsNoRequest) {
    for (const char* url : {
             "",
             "contoso.com",
             "ftp://contoso.com/",
             "file:///etc/passwd",
             "https://user:secret@contoso.com/",
             "https://contoso.com/a b",
             "https://contoso.com/\r\nX: y",
             "https://contoso.com\\@fabrikam.com/",
         }) {
        const TransportError failure = fail_with({.url = url});
        EXPECT_EQ(failure.error.code, "InvalidUrl") << url;
        EXPECT_EQ(failure.error.kind, ErrorKind::kInvalidInput) << url;
        EXPECT_FALSE(failure.sent);
        EXPECT_EQ(failure.error.text().find("secret"), std::string::npos);
    }
    const std::string url = "https://contoso.com/";
    EXPECT_EQ(fail_with({.method = "GET /\r\n", .url = url}).error.code, "InvalidMethod");
    EXPECT_EQ(
        fail_with({.url = url, .headers = {{"X", "a\r\nEvil: 1"}}}).error.code, "InvalidHeader"
    );
    EXPECT_EQ(fail_with({.url = url, .headers = {{"X:Y", "a"}}}).error.code, "InvalidHeader");
}

}  // namespace
}  // namespace tideway::http
