#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "engine/http/server.h"
#include "engine/http/wire.h"
#include "tests/support/raw_socket.h"
#include "tests/support/test_server.h"

namespace tideway::http {
namespace {

using std::chrono::milliseconds;
using testing::RawSocket;
using testing::TestServer;

// A server whose handler gives its stream to the test.
class EventStreamTest : public ::testing::Test {
  protected:
    std::shared_ptr<EventStream> open(std::string_view method = "GET") {
        socket_.write(std::string(method) + " /events HTTP/1.1\r\nHost: a\r\n\r\n");
        return opened_.get_future().get();
    }

    std::promise<std::shared_ptr<EventStream>> opened_;
    TestServer server_{
        [this](ServerRequest, std::shared_ptr<Responder> responder) {
            opened_.set_value(responder->stream());
        },
        ServerOptions{.stream_comment_interval = milliseconds(30)}};
    boost::asio::io_context context_;
    RawSocket socket_ = RawSocket::connect(context_, server_.port());
};

TEST_F(EventStreamTest, SendsEventsFromAnyThread) {
    const auto stream = open();
    const std::string head = socket_.read_until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
    EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    for (int i = 0; i < 100; ++i) {
        stream->send("step", "{\"n\":" + std::to_string(i) + "}");
    }
    for (int i = 0; i < 100; ++i) {
        const std::string event = "event: step\ndata: {\"n\":" + std::to_string(i) + "}\n\n";
        EXPECT_TRUE(socket_.read_until(event).ends_with(event));
    }
    EXPECT_TRUE(stream->is_open());
}

TEST_F(EventStreamTest, KeepsTheConnectionAliveWithComments) {
    const auto stream = open();
    EXPECT_TRUE(socket_.read_until(": keep-alive\n\n").ends_with(": keep-alive\n\n"));
    EXPECT_EQ(socket_.read_until(": keep-alive\n\n"), ": keep-alive\n\n");
}

TEST_F(EventStreamTest, EndsWhenItIsClosed) {
    const auto stream = open();
    stream->send("last", "1");
    stream->close();
    EXPECT_FALSE(stream->is_open());
    stream->send("later", "2");
    const std::string all = socket_.read_all();
    EXPECT_TRUE(all.ends_with("event: last\ndata: 1\n\n")) << all;
}

TEST_F(EventStreamTest, EndsWhenItIsDropped) {
    open().reset();
    EXPECT_TRUE(socket_.read_all().ends_with("\r\n\r\n"));
}

TEST_F(EventStreamTest, NoticesThatItsReaderHasGone) {
    const auto stream = open();
    socket_.socket().close();
    while (stream->is_open()) {
        std::this_thread::yield();
    }
    stream->send("later", "1");
    EXPECT_FALSE(stream->is_open());
}

TEST_F(EventStreamTest, ClosesAReaderThatIsTooSlow) {
    const auto stream = open();
    const std::string data = '"' + std::string(60000, 'x') + '"';
    std::size_t sent = 0;
    while (stream->is_open() && sent < (256U << 20U)) {
        stream->send("much", data);
        sent += data.size();
    }
    EXPECT_FALSE(stream->is_open());
    // What the system had taken still comes, then the end.
    EXPECT_LT(socket_.read_all().size(), sent);
}

TEST_F(EventStreamTest, GivesHeadNoEvents) {
    const auto stream = open("HEAD");
    stream->send("e", "1");
    EXPECT_TRUE(socket_.read_all().ends_with("\r\n\r\n"));
}

TEST(PrintEvent, KeepsLineEndsInsideTheEvent) {
    EXPECT_EQ(print_event("a\nb", "{\r\n\"x\":1}"), "event: a b\ndata: {\ndata: \"x\":1}\n\n");
}

}  // namespace
}  // namespace tideway::http
