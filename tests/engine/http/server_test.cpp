#include "engine/http/server.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/raw_socket.h"
#include "tests/support/test_server.h"

namespace tideway::http {
namespace {

using std::chrono::milliseconds;
using testing::RawSocket;
using testing::TestServer;

// Answers with what it has understood.
void echo(ServerRequest request, std::shared_ptr<Responder> responder) {
    Response response{.status = 200, .headers = {{"X-Path", request.path}}, .body = {}};
    response.body = request.method + " " + request.target + " [" + request.body + "]";
    responder->send(std::move(response));
}

class ServerTest : public ::testing::Test {
  protected:
    RawSocket connect(const TestServer& server) {
        return RawSocket::connect(context_, server.port());
    }

    // Sends the bytes, ends sending and returns everything that comes back.
    std::string exchange(const TestServer& server, std::string_view bytes) {
        RawSocket socket = connect(server);
        socket.write(bytes);
        socket.end_sending();
        return socket.read_all();
    }

    boost::asio::io_context context_;
};

TEST_F(ServerTest, KeepsTheConnectionForFurtherRequests) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    for (const char* path : {"/one", "/two", "/three"}) {
        socket.write("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string answer = socket.read_until("[]");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("X-Path: " + std::string(path) + "\r\n"), std::string::npos);
        EXPECT_NE(answer.find("Content-Length: "), std::string::npos);
        EXPECT_NE(answer.find(" GMT\r\n"), std::string::npos);
    }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all +=
            "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    }
    socket.write(all);
    for (int i = 0; i < 50; ++i) {
        const std::string answer = socket.read_until("[abc]");
        EXPECT_TRUE(answer.ends_with("POST /" + std::to_string(i) + " [abc]")) << answer;
    }
}

TEST_F(ServerTest, ReadsRequestsThatComeByteByByte) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    const std::string request =
        "\r\nPOST /slow?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for (const char byte : request) {
        socket.write({&byte, 1});
    }
    EXPECT_TRUE(socket.read_until("[hello]").ends_with("POST /slow?x=1 [hello]"));
}

TEST_F(ServerTest, ReadsChunkedBodies) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    socket.write(
        "PATCH /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nHost: smuggled\r\n\r\n"
        "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
    );
    EXPECT_TRUE(socket.read_until("]").ends_with("PATCH /c [hello, world]"));
    EXPECT_TRUE(socket.read_until("]").ends_with("GET /next []"));
}

TEST_F(ServerTest, SplitsTheTargetAndTellsTheRemoteAddress) {
    std::promise<ServerRequest> seen;
    TestServer server([&seen](ServerRequest request, std::shared_ptr<Responder> responder) {
        seen.set_value(std::move(request));
        responder->send(Response{.status = 204, .headers = {}, .body = {}});
    });
    const std::string answer = exchange(
        server, "GET http://contoso.com/a%20b?x=1?2 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\n\r\n"
    );
    const ServerRequest request = seen.get_future().get();
    EXPECT_EQ(request.path, "/a%20b");
    EXPECT_EQ(request.query, "x=1?2");
    EXPECT_EQ(request.remote_address, "127.0.0.1");
    EXPECT_EQ(request.headers.get("x-one"), "1");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 204 No Content\r\n")) << answer;
    EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
}

TEST_F(ServerTest, AnswersHeadWithoutTheBody) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    socket.write("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string head = socket.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Content-Length: 10\r\n"), std::string::npos) << head;
    EXPECT_TRUE(socket.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, AsksForTheBodyOfAnExpectedContinue) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    socket.write("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    );
    EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write("ok");
    EXPECT_TRUE(socket.read_until("]").ends_with("POST /e [ok]"));
}

TEST_F(ServerTest, ClosesWhenTheClientAsksForIt) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_NE(socket.read_all().find("Connection: close\r\n"), std::string::npos);

    RawSocket old = connect(server);
    old.write("GET / HTTP/1.0\r\n\r\n");
    EXPECT_NE(old.read_all().find("GET / []"), std::string::npos);
}

TEST_F(ServerTest, AnswersMalformedRequestsAndCloses) {
    std::atomic<int> handled = 0;
    TestServer server([&handled](ServerRequest request, std::shared_ptr<Responder> responder) {
        ++handled;
        echo(std::move(request), std::move(responder));
    });
    const std::pair<const char*, const char*> cases[] = {
        {"\x16\x03\x01\x02", "400"},
        {"nonsense\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost a\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"GET contoso.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\nContent-Length: 1\r\n\r\n", "417"},
    };
    for (const auto& [bytes, status] : cases) {
        const std::string answer = exchange(server, bytes);
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + status)) << bytes << answer;
        EXPECT_NE(answer.find(R"({"error":{"code":)"), std::string::npos) << bytes << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << bytes << answer;
    }
    EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, RefusesBodiesOverTheLimit) {
    TestServer server(&echo, ServerOptions{.body_bytes_max = 1000});
    const std::string large(1001, 'x');
    // Before the body comes, when its length is announced; the client may still be sending it.
    RawSocket announced = connect(server);
    announced.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + large);
    EXPECT_TRUE(announced.read_all().starts_with("HTTP/1.1 413 Content Too Large\r\n"));

    const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_TRUE(exchange(server, chunked + "3e9\r\n" + large).starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(exchange(server, chunked + "3e8\r\n" + large.substr(1) + "\r\n0\r\n\r\n")
                    .starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesHeadersOverTheLimit) {
    TestServer server(&echo);
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
    std::string many = start;
    while (many.size() <= limits::kRequestHeaderBytesMax) {
        many += "X-Field: 0123456789012345678901234567890123456789\r\n";
    }
    EXPECT_TRUE(exchange(server, many + "\r\n").starts_with("HTTP/1.1 431 "));
    const std::string one = start + "X: " + std::string(limits::kRequestHeaderBytesMax, 'x');
    EXPECT_TRUE(exchange(server, one + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
    const std::string endless = "GET /" + std::string(2 * limits::kRequestHeaderBytesMax, 'x');
    EXPECT_TRUE(exchange(server, endless).starts_with("HTTP/1.1 431 "));
    const std::string fits = start + "X: " + std::string(60000, 'x') + "\r\n\r\n";
    EXPECT_TRUE(exchange(server, fits).starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesAChunkHeaderWithoutEnd) {
    TestServer server(&echo);
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;";
    EXPECT_TRUE(exchange(server, start + std::string(200000, 'x')).starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, TakesLargeBodiesBothWays) {
    TestServer server(&echo);
    RawSocket socket = connect(server);
    const std::string body(9'000'000, 'b');
    std::thread writer([&socket, &body] {
        socket.write(
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body
        );
    });
    const std::string answer = socket.read_until("]");
    writer.join();
    EXPECT_TRUE(answer.ends_with("PUT / [" + body + "]"));
}

TEST_F(ServerTest, ClosesARequestThatDoesNotCome) {
    TestServer server(&echo, ServerOptions{.read_timeout = milliseconds(40)});
    RawSocket socket = connect(server);
    socket.write("GET / HTTP/1.1\r\nHost:");
    EXPECT_EQ(socket.read_all(), "");
}

TEST_F(ServerTest, ClosesIdleConnections) {
    TestServer server(&echo, ServerOptions{.idle_timeout = milliseconds(40)});
    RawSocket silent = connect(server);
    EXPECT_EQ(silent.read_all(), "");
    RawSocket idle = connect(server);
    idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(idle.read_all().ends_with("GET / []"));
}

TEST_F(ServerTest, LetsFurtherConnectionsWaitAtTheCap) {
    TestServer server(&echo, ServerOptions{.connections_max = 1});
    const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    auto first = std::make_unique<RawSocket>(connect(server));
    first->write(get);
    first->read_until("]");
    RawSocket second = connect(server);
    second.write(get);
    // The second is not accepted, so nothing can have come by the time the first is answered again.
    first->write(get);
    first->read_until("]");
    boost::system::error_code failed;
    EXPECT_EQ(second.socket().available(failed), 0U);
    first.reset();
    EXPECT_TRUE(second.read_until("]").ends_with("GET / []"));
}

TEST_F(ServerTest, AnswersFromAnotherThread) {
    std::vector<std::thread> threads;
    TestServer server([&threads](ServerRequest request, std::shared_ptr<Responder> responder) {
        threads.emplace_back([request = std::move(request), responder]() mutable {
            echo(std::move(request), std::move(responder));
        });
    });
    RawSocket socket = connect(server);
    for (int i = 0; i < 20; ++i) {
        socket.write("GET /t HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(socket.read_until("]").ends_with("GET /t []"));
    }
    server.run([&threads] {
        for (std::thread& thread : threads) {
            thread.join();
        }
    });
}

TEST_F(ServerTest, AnswersForAHandlerThatDoesNot) {
    TestServer server([](ServerRequest, std::shared_ptr<Responder>) {});
    const std::string answer = exchange(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << answer;
    EXPECT_NE(answer.find(R"("code":"InternalServerError")"), std::string::npos);
}

class LastMessage final : public Log {
  public:
    void write(LogLevel, std::string_view message, std::initializer_list<LogField> fields)
        override {
        text = std::string(message) + ": " + fields.begin()->value;
    }

    std::string text;
};

TEST_F(ServerTest, SurvivesAHandlerThatThrows) {
    LastMessage log;
    TestServer server(
        [](ServerRequest request, std::shared_ptr<Responder> responder) {
            if (request.path == "/bad") {
                throw std::runtime_error("contoso's secret");
            }
            echo(std::move(request), std::move(responder));
        },
        ServerOptions{.log = &log}
    );
    RawSocket socket = connect(server);
    socket.write("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = socket.read_until("}}");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
    EXPECT_EQ(answer.find("secret"), std::string::npos);
    EXPECT_EQ(log.text, "a request handler threw: contoso's secret");
    socket.write("GET /good HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(socket.read_until("]").ends_with("GET /good []"));
}

TEST_F(ServerTest, DropsASecondAnswer) {
    TestServer server([](ServerRequest request, std::shared_ptr<Responder> responder) {
        responder->send(Response{.status = 201, .headers = {}, .body = request.path + "!"});
        responder->send(Response{.status = 202, .headers = {}, .body = "again!"});
        EXPECT_FALSE(responder->stream()->is_open());
    });
    RawSocket socket = connect(server);
    socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(socket.read_until("!").starts_with("HTTP/1.1 201"));
    EXPECT_TRUE(socket.read_until("!").ends_with("/2!"));
}

TEST_F(ServerTest, KeepsAnswersOfALateResponderFromTheNextRequest) {
    std::shared_ptr<Responder> late;
    TestServer server([&late](ServerRequest request, std::shared_ptr<Responder> responder) {
        if (request.path == "/first") {
            late = responder;
        }
        echo(std::move(request), std::move(responder));
        if (late) {
            late->cut();
        }
    });
    RawSocket socket = connect(server);
    socket.write("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(socket.read_until("]").ends_with("GET /first []"));
    EXPECT_TRUE(socket.read_until("]").ends_with("GET /second []"));
    server.run([&late] { late.reset(); });
}

TEST_F(ServerTest, CutsWithoutAnAnswer) {
    TestServer server([](ServerRequest, std::shared_ptr<Responder> responder) { responder->cut(); }
    );
    EXPECT_EQ(exchange(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
}

TEST_F(ServerTest, KeepsAHandlersHeadersFromBreakingTheAnswer) {
    TestServer server([](ServerRequest, std::shared_ptr<Responder> responder) {
        responder->send(Response{
            .status = 200,
            .headers =
                {
                    {"X-Text", "a\r\nX-Evil: 1"},
                    {"Bad Name", "x"},
                    {"Content-Length", "999"},
                    {"Transfer-Encoding", "chunked"},
                },
            .body = "ok!",
        });
    });
    RawSocket socket = connect(server);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = socket.read_until("ok!");
    EXPECT_NE(answer.find("X-Text: a  X-Evil: 1\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Content-Length: 3\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("Bad Name"), std::string::npos);
    EXPECT_EQ(answer.find("999"), std::string::npos);
    EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(ServerTest, ClosesItsConnectionsWhenItGoes) {
    std::shared_ptr<Responder> kept;
    std::promise<void> asked;
    TestServer server([&](ServerRequest, std::shared_ptr<Responder> responder) {
        kept = std::move(responder);
        asked.set_value();
    });
    RawSocket idle = connect(server);
    RawSocket waiting = connect(server);
    waiting.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    asked.get_future().wait();
    server.stop();
    EXPECT_EQ(waiting.read_all(), "");
    EXPECT_EQ(idle.read_all(), "");
    server.run([&kept] {
        kept->send(Response{.status = 200, .headers = {}, .body = "nobody hears it"});
        kept.reset();
    });
}

TEST_F(ServerTest, MayBeClosedByItsHandler) {
    testing::LoopThread thread;
    std::unique_ptr<Server> server;
    const int port = thread.run([&] {
        server = *start_server(
            thread.loop(),
            {},
            [&server](ServerRequest, std::shared_ptr<Responder> responder) {
                server.reset();
                responder->send(Response{.status = 200, .headers = {}, .body = {}});
            }
        );
        return server->port();
    });
    RawSocket socket = RawSocket::connect(context_, port);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_all(), "");
    EXPECT_TRUE(thread.run([&server] { return server == nullptr; }));
}

TEST(StartServer, NamesAnAddressInUse) {
    TestServer first(&echo);
    Loop loop;
    const auto second = start_server(loop, ServerOptions{.port = first.port()}, &echo);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "AddressInUse");
    EXPECT_NE(
        second.error().message.find("127.0.0.1:" + std::to_string(first.port())), std::string::npos
    );
}

TEST(StartServer, RefusesWhatIsNoAddress) {
    Loop loop;
    EXPECT_EQ(start_server(loop, {.address = "contoso"}, &echo).error().code, "CannotListen");
    EXPECT_EQ(start_server(loop, {.port = 70000}, &echo).error().code, "CannotListen");
}

TEST(StartServer, NamesACertificateThatCannotBeRead) {
    Loop loop;
    const auto missing = start_server(
        loop, {.certificate_file = "/nowhere/cert.pem", .key_file = "/nowhere/key.pem"}, &echo
    );
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "CertificateUnreadable");
    EXPECT_NE(missing.error().message.find("/nowhere/cert.pem"), std::string::npos);
    const auto half = start_server(loop, {.certificate_file = "/nowhere/cert.pem"}, &echo);
    EXPECT_EQ(half.error().code, "CertificateIncomplete");
}

}  // namespace
}  // namespace tideway::http
