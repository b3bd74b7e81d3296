// The client against the real server: what is sent, what comes back, pools and bounds.
#include "engine/http/client.h"

#include <atomic>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/client_thread.h"
#include "tests/support/raw_socket.h"
#include "tests/support/test_server.h"

namespace tideway::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ClientThread;
using testing::RawServer;
using testing::RawSocket;
using testing::TestServer;

// Answers with the whole request as it was understood.
void mirror(ServerRequest request, std::shared_ptr<Responder> responder) {
    Response response{.status = 200};
    response.body = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) {
        response.body += name + ": " + value + "\n";
    }
    response.body += "\n" + request.body;
    responder->send(std::move(response));
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Client, SendsARequestAndGetsTheAnswer) {
    TestServer server(&mirror);
    ClientThread client;
    const Exchange answer = client.send(Request{
        .method = "PATCH",
        .url = server.base_url() + "/api/../data?x=%20",
        .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}, {"If-Match", "W/\"1\""}},
        .body = R"({"a":1})",
    });
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_TRUE(answer->body.starts_with("PATCH /api/../data?x=%20\n")) << answer->body;
    EXPECT_TRUE(answer->body.ends_with("\n\n{\"a\":1}")) << answer->body;
    EXPECT_TRUE(has(answer->body, "Content-Type: application/json\n"));
    EXPECT_TRUE(has(answer->body, "Content-Length: 7\n"));
    EXPECT_TRUE(has(answer->body, "X-Empty: \n")) << answer->body;
    EXPECT_TRUE(has(answer->body, "If-Match: W/\"1\"\n"));
    EXPECT_TRUE(has(answer->body, "User-Agent: tideway\n"));
    EXPECT_EQ(answer->headers.get("content-length"), std::to_string(answer->body.size()));
}

TEST(Client, SendsALengthAndNeverChunks) {
    TestServer server(&mirror);
    ClientThread client;
    const std::string large(3'000'000, 'x');
    for (const char* method : {"POST", "PUT", "PATCH"}) {
        const Exchange empty = client.send({.method = method, .url = server.base_url()});
        ASSERT_TRUE(empty);
        EXPECT_TRUE(has(empty->body, "Content-Length: 0\n")) << empty->body;
        EXPECT_FALSE(has(empty->body, "Content-Type")) << empty->body;
        const Exchange much =
            client.send({.method = method, .url = server.base_url(), .headers = {}, .body = large});
        ASSERT_TRUE(much);
        EXPECT_TRUE(has(much->body, "Content-Length: 3000000\n"));
        EXPECT_TRUE(much->body.ends_with("\n\n" + large));
        EXPECT_FALSE(has(much->body.substr(0, 500), "Expect")) << much->body.substr(0, 500);
        EXPECT_FALSE(has(much->body.substr(0, 500), "Transfer-Encoding"));
    }
    for (const char* method : {"GET", "DELETE", "OPTIONS"}) {
        const Exchange answer = client.send({.method = method, .url = server.base_url()});
        ASSERT_TRUE(answer);
        EXPECT_TRUE(answer->body.starts_with(std::string(method) + " /\n")) << answer->body;
        EXPECT_FALSE(has(answer->body, "Content-Length")) << answer->body;
    }
}

TEST(Client, TakesAHeadAnswerWithoutABody) {
    TestServer server(&mirror);
    ClientThread client;
    const Exchange answer = client.send({.method = "HEAD", .url = server.base_url()});
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "");
    EXPECT_TRUE(answer->headers.get("Content-Length"));
}

TEST(Client, ReturnsErrorsAndRedirectsAsAnswers) {
    TestServer server([](ServerRequest request, std::shared_ptr<Responder> responder) {
        const int status = std::stoi(request.path.substr(1));
        responder->send({.status = status, .headers = {{"Location", "/200"}}, .body = "b"});
    });
    ClientThread client;
    for (const int status : {302, 307, 404, 412, 429, 500, 503}) {
        const Exchange answer = client.get(server.base_url() + "/" + std::to_string(status));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, status);
        EXPECT_EQ(answer->headers.get("Location"), "/200");
    }
}

TEST(Client, ReadsChunkedAnswersAndInformationalOnes) {
    RawServer server([](RawSocket& socket) {
        socket.read_until("\r\n\r\n");
        socket.write(
            "HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Real: 1\r\n\r\n"
            "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
        );
    });
    ClientThread client;
    const Exchange answer = client.get(server.base_url());
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->body, "abcde");
    EXPECT_EQ(answer->headers.get("X-Real"), "1");
    EXPECT_FALSE(answer->headers.get("X-Hint"));
    EXPECT_FALSE(answer->headers.get("X-Trailer"));
}

// Counts the connections that requests came over, by having one RawServer connection per request.
TEST(Client, UsesAConnectionAgain) {
    std::atomic<int> connections = 0;
    RawServer server([&connections](RawSocket& socket) {
        ++connections;
        while (!socket.read_until("\r\n\r\n").empty()) {
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        }
    });
    ClientThread client;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(client.get(server.base_url()));
    }
    client.destroy();
    EXPECT_EQ(connections, 1);
}

TEST(Client, NeverSharesConnectionsBetweenRules) {
    TestServer server([](ServerRequest, std::shared_ptr<Responder> responder) {
        responder->send({.status = 200});
    });
    ClientThread client;
    const std::string by_name = "http://localhost:" + std::to_string(server.port());
    ASSERT_TRUE(client.get(by_name));  // leaves a connection in its pool
    NetworkPolicy strict = ClientThread::local();
    strict.allow_private = false;
    const Exchange refused = client.get(by_name, strict);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.kind, ErrorKind::kForbidden);
    EXPECT_EQ(refused.error().error.code, "AddressForbidden");
    EXPECT_FALSE(refused.error().sent);
    ASSERT_TRUE(client.get(by_name));
}

TEST(Client, CarriesTwoHundredRequestsAtATime) {
    std::atomic<int> most = 0;
    std::atomic<int> open = 0;
    std::vector<std::shared_ptr<Responder>> held;
    TestServer server([&](ServerRequest request, std::shared_ptr<Responder> responder) {
        most = std::max(most.load(), ++open);
        held.push_back(std::move(responder));
        if (held.size() < 8 && request.path != "/199") {
            return;
        }
        for (const auto& each : held) {
            --open;
            each->send({.status = 200, .headers = {}, .body = "ok"});
        }
        held.clear();
    });
    ClientThread client;
    std::vector<std::future<Exchange>> answers;
    for (int i = 0; i < 200; ++i) {
        answers.push_back(client.start({.url = server.base_url() + "/" + std::to_string(i)}));
    }
    for (auto& answer : answers) {
        const Exchange exchange = answer.get();
        ASSERT_TRUE(exchange) << exchange.error().error.text();
        EXPECT_EQ(exchange->body, "ok");
    }
    EXPECT_GT(most, 1);
    EXPECT_LE(most, static_cast<int>(limits::kConnectionsPerHostMax));
}

TEST(Client, BoundsTheConnectionsPerHostAndServesThoseThatWait) {
    std::atomic<int> open = 0;
    std::atomic<int> total = 0;
    std::vector<std::shared_ptr<Responder>> held;
    TestServer server([&](ServerRequest, std::shared_ptr<Responder> responder) {
        ++total;
        if (++open == static_cast<int>(limits::kConnectionsPerHostMax)) {
            held.clear();  // each answers 500
        } else if (total < static_cast<int>(limits::kConnectionsPerHostMax)) {
            held.push_back(std::move(responder));
        }
    });
    ClientThread client;
    std::vector<std::future<Exchange>> answers;
    for (int i = 0; i < 100; ++i) {
        answers.push_back(client.start({.url = server.base_url()}));
    }
    for (auto& answer : answers) {
        ASSERT_TRUE(answer.get());
    }
    EXPECT_EQ(total, 100);
}

TEST(Client, VisitsTheCrashPointsInOrder) {
    TestServer server(&mirror);
    CrashPoints points;
    ClientThread client(ClientOptions{.crash_points = &points});
    ASSERT_TRUE(client.get(server.base_url()));
    EXPECT_EQ(points.visits(), 3);
    ASSERT_TRUE(client.send({.method = "POST", .url = server.base_url(), .body = "x"}));
    EXPECT_EQ(points.visits(), 6);
    ASSERT_FALSE(client.get("http://127.0.0.1:1"));
    EXPECT_EQ(points.visits(), 7);  // "before send" only
}

TEST(Client, DropsRequestsInFlightWhenItGoes) {
    std::promise<void> asked;
    std::shared_ptr<Responder> kept;
    TestServer server([&](ServerRequest, std::shared_ptr<Responder> responder) {
        kept = std::move(responder);
        asked.set_value();
    });
    ClientThread client;
    std::future<Exchange> answer = client.start({.url = server.base_url()});
    std::future<Exchange> refused = client.start({.url = "nonsense"});
    std::future<Exchange> looking_up = client.start({.url = "http://contoso.invalid/"});
    asked.get_future().wait();
    client.destroy();
    // Their callbacks are gone, and with them the promises.
    EXPECT_THROW(answer.get(), std::future_error);
    server.run([&kept] { kept.reset(); });
}

TEST(Client, MayBeDestroyedByACallback) {
    TestServer server(&mirror);
    testing::LoopThread thread;
    std::unique_ptr<Client> client;
    std::promise<int> first;
    thread.run([&] { client = make_curl_client(thread.loop(), {}); });
    thread.run([&] {
        for (int i = 0; i < 3; ++i) {
            client->send(
                {.url = server.base_url()},
                ClientThread::local(),
                [&](const Exchange& exchange) {
                    client.reset();
                    first.set_value(exchange ? exchange->status : 0);  // a second call would throw
                }
            );
        }
    });
    EXPECT_EQ(first.get_future().get(), 200);
    thread.run([] {});
}

TEST(Client, MaySendFromACallback) {
    TestServer server(&mirror);
    ClientThread client;
    std::promise<int> done;
    client.run([&] {
        client.client()
            .send({.url = server.base_url()}, ClientThread::local(), [&](const Exchange&) {
                client.client().send(
                    {.url = server.base_url()},
                    ClientThread::local(),
                    [&](const Exchange& second) { done.set_value(second->status); }
                );
            });
    });
    EXPECT_EQ(done.get_future().get(), 200);
}

TEST(Client, AsksAProxy) {
    TestServer proxy(&mirror);
    ClientThread client(ClientOptions{
        .proxies = {.http = "http://127.0.0.1:" + std::to_string(proxy.port()), .no_proxy = "x"}});
    NetworkPolicy policy;
    policy.allow_plain_http = true;  // the proxy is on a private address; that is its own affair
    const Exchange answer = client.get("http://contoso.example/a?b", policy);
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_TRUE(answer->body.starts_with("GET /a?b\nHost: contoso.example\n")) << answer->body;
    const Exchange refused = client.get("http://10.0.0.1/", policy);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.code, "AddressForbidden");
}

TEST(ProxySettings, LeaveOutWhatNoProxyNames) {
    const ProxySettings proxies{
        .http = "http://p1",
        .https = "http://p2",
        .no_proxy = "contoso.com, .Fabrikam.com,northwind.com:8443,10.0.0.1",
    };
    EXPECT_EQ(proxies.proxy_for("http", "example.org", 80), "http://p1");
    EXPECT_EQ(proxies.proxy_for("https", "example.org", 443), "http://p2");
    for (const char* host :
         {"contoso.com",
          "crm.contoso.com",
          "fabrikam.com",
          "a.fabrikam.com",
          "10.0.0.1",
          "localhost",
          "127.0.0.1",
          "127.8.8.8",
          "::1"}) {
        EXPECT_EQ(proxies.proxy_for("https", host, 443), "") << host;
    }
    EXPECT_EQ(proxies.proxy_for("https", "notcontoso.com", 443), "http://p2");
    EXPECT_EQ(proxies.proxy_for("https", "northwind.com", 443), "http://p2");
    EXPECT_EQ(proxies.proxy_for("https", "northwind.com", 8443), "");
    EXPECT_EQ(ProxySettings({.http = "http://p", .no_proxy = "*"}).proxy_for("http", "a", 80), "");
    EXPECT_EQ(ProxySettings().proxy_for("http", "contoso.com", 80), "");
}

}  // namespace
}  // namespace tideway::http
