#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/connector/sandbox.h"
#include "tests/support/recording_responder.h"

namespace tideway::connector {
namespace {

using test_support::make_request;
using test_support::RecordingResponder;
using testing::HasSubstr;

class SandboxFaultsTest : public testing::Test {
  protected:
    std::shared_ptr<RecordingResponder> send(
        const std::string& method, const std::string& target, const std::string& body = {}
    ) {
        auto out = std::make_shared<RecordingResponder>();
        handler_(make_request(method, target, body), out);
        return out;
    }

    int status(const std::string& method, const std::string& target, const std::string& body = {}) {
        const auto answered = send(method, target, body);
        return answered->answer ? answered->answer->status : 0;
    }

    void add(const Json& fault) { EXPECT_TRUE(faults_.add(fault).has_value()); }

    Loop loop_;
    SandboxFaults faults_{loop_};
    int done_ = 0;
    http::Handler handler_ = faults_.wrap(
        [this](const http::ServerRequest&, const std::shared_ptr<http::Responder>& responder) {
            ++done_;
            responder->send({200, {}, "done"});
        }
    );
};

TEST_F(SandboxFaultsTest, PassesEverythingOnWithoutAFault) {
    EXPECT_EQ(status("GET", "/a"), 200);
    EXPECT_EQ(done_, 1);
}

TEST_F(SandboxFaultsTest, AnswersWithAStatusAsOftenAsAskedAndDoesNothing) {
    add(
        {{"kind", "status"},
         {"status", 503},
         {"count", 2},
         {"headers", {{"X-Why", "maintenance"}}},
         {"body", {{"error", "later"}}}}
    );
    const auto first = send("GET", "/a");
    EXPECT_EQ(first->answer->status, 503);
    EXPECT_EQ(first->answer->headers.get_or("X-Why", ""), "maintenance");
    EXPECT_EQ(first->answer->body, R"({"error":"later"})");
    EXPECT_EQ(status("POST", "/b"), 503);
    EXPECT_EQ(done_, 0);
    EXPECT_EQ(status("GET", "/a"), 200);
}

TEST_F(SandboxFaultsTest, MatchesByMethodPathAndBody) {
    add({{"kind", "status"}, {"method", "POST"}, {"path", "/api/*"}, {"body_contains", "msft"}});
    EXPECT_EQ(status("GET", "/api/a", "msft"), 200);
    EXPECT_EQ(status("POST", "/other", "msft"), 200);
    EXPECT_EQ(status("POST", "/api/a", "contoso"), 200);
    EXPECT_EQ(status("POST", "/api/a", "to msft"), 503);
}

TEST_F(SandboxFaultsTest, LetsTheFirstOnesPassWhenToldToSkip) {
    add({{"kind", "status"}, {"skip", 2}});
    EXPECT_EQ(status("GET", "/a"), 200);
    EXPECT_EQ(status("GET", "/a"), 200);
    EXPECT_EQ(status("GET", "/a"), 503);
    EXPECT_EQ(status("GET", "/a"), 200);
}

TEST_F(SandboxFaultsTest, ThrottlesWithTheServicesOwnEnvelope) {
    add({{"kind", "throttle"}, {"seconds", 7}, {"body", {{"code", "0x80072322"}}}});
    const auto throttled = send("GET", "/a");
    EXPECT_EQ(throttled->answer->status, 429);
    EXPECT_EQ(throttled->answer->headers.get_or("Retry-After", ""), "7");
    EXPECT_EQ(throttled->answer->body, R"({"code":"0x80072322"})");
    EXPECT_EQ(done_, 0);
}

TEST_F(SandboxFaultsTest, CutsTheConnectionBeforeOrAfterTheWork) {
    add({{"kind", "cut_before"}});
    const auto before = send("POST", "/a");
    EXPECT_TRUE(before->was_cut);
    EXPECT_EQ(done_, 0);
    add({{"kind", "cut_after"}});
    const auto after = send("POST", "/a");
    EXPECT_TRUE(after->was_cut);
    EXPECT_EQ(after->answers(), 0);
    EXPECT_EQ(done_, 1);
}

TEST_F(SandboxFaultsTest, DelaysTheWorkAndItsAnswer) {
    add({{"kind", "delay"}, {"ms", 20}});
    const auto delayed = send("POST", "/a");
    loop_.poll();
    EXPECT_EQ(done_, 0);
    const auto end = loop_.after(std::chrono::milliseconds(60), [this] { loop_.stop(); });
    loop_.run();
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(delayed->answers(), 1);
}

TEST_F(SandboxFaultsTest, LetsTheEffectHappenAfterTheConnectionWasClosed) {
    add({{"kind", "late_effect"}, {"ms", 1}});
    const auto late = send("POST", "/a");
    EXPECT_TRUE(late->was_cut);
    EXPECT_EQ(done_, 0);
    const auto end = loop_.after(std::chrono::milliseconds(40), [this] { loop_.stop(); });
    loop_.run();
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(late->answers(), 0);
}

TEST_F(SandboxFaultsTest, IsControlledOverHttpAndLeavesControlAlone) {
    EXPECT_EQ(status("POST", "/sandbox/faults", R"({"kind":"status","status":500})"), 201);
    EXPECT_EQ(status("GET", "/sandbox/deals"), 200) << "control never fails";
    EXPECT_THAT(send("GET", "/sandbox/faults")->answer->body, HasSubstr(R"("count":1)"));
    EXPECT_EQ(status("DELETE", "/sandbox/faults"), 200);
    EXPECT_EQ(status("GET", "/a"), 200);
}

TEST_F(SandboxFaultsTest, RefusesFaultsThatItDoesNotKnow) {
    const auto unknown = send("POST", "/sandbox/faults", R"({"kind":"explode"})");
    EXPECT_EQ(unknown->answer->status, 400);
    EXPECT_THAT(unknown->answer->body, HasSubstr("explode"));
    EXPECT_EQ(status("POST", "/sandbox/faults", "{"), 400);
    EXPECT_EQ(status("POST", "/sandbox/faults", R"({"kind":"status","status":7})"), 400);
}

}  // namespace
}  // namespace tideway::connector
