// How many calls a day a contract allows, entered for a connection.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

constexpr const char* kAsks = R"(
local web = connection "web"
return flow {
  title = "Asks",
  trigger = trigger.manual { inputs = { { name = "uri", type = "text", required = true } } },
  run = function(input)
    for _ = 1, 4 do
      web.get("Ask", { uri = input.uri })
    end
  end,
})";

class CallLimit : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("asks", kAsks);
        program_.init();
        program_.serve();
        const auto added = program_.cli(
            {"connections",
             "add",
             "http",
             "--name",
             "web",
             "--set",
             "allow_private_network=true",
             "--set",
             "allow_plain_http=true"}
        );
        ASSERT_EQ(added.exit_code, 0) << added.text();
        program_.turn_on("asks");
    }

    Json limit(const std::string& calls) const {
        return program_.cli_json({"connections", "limit", "web", calls});
    }

    std::string code_of(const Json& answer) const {
        const Json* error = find(answer, "error");
        return error == nullptr ? "" : string_or(*error, "code");
    }

    std::string shown() const { return program_.cli({"connections", "show", "web"}).text(); }

    // It answers whatever it is asked.
    TestServer service_{[](const http::ServerRequest&, std::shared_ptr<http::Responder> responder) {
        responder->send(http::json_response(200, "{}"));
    }};
    Program program_;
};

TEST_F(CallLimit, IsShownWithWhatIsLeftAlsoAfterARestart) {
    const Json answer = limit("5");
    EXPECT_EQ(answer.at("limit").at("calls_a_day"), 5) << answer.dump();
    EXPECT_EQ(
        string_or(program_.run("asks", {{"uri", service_.base_url()}}), "status"), "Succeeded"
    );
    EXPECT_NE(shown().find("limit          5 calls a day (UTC), 1 left"), std::string::npos)
        << shown();
    EXPECT_NE(program_.cli({"connections", "list"}).output.find("4 of 5"), std::string::npos);
    program_.stop();
    program_.serve();
    EXPECT_NE(shown().find("5 calls a day (UTC), 1 left"), std::string::npos) << shown();
}

TEST_F(CallLimit, StopsNothingAndIsToldOf) {
    limit("2");
    EXPECT_EQ(
        string_or(program_.run("asks", {{"uri", service_.base_url()}}), "status"), "Succeeded"
    );
    const auto doctor = program_.cli({"doctor"});
    EXPECT_NE(
        doctor.output.find("problem  connection web: limit  0 of 2 calls of today left"),
        std::string::npos
    ) << doctor.output;
    const bool is_told = tests::becomes([this] {
        const Json notices = program_.cli_json({"notices", "list", "--open"});
        return notices.dump().find("100 % of the quota of the connection web are used") !=
               std::string::npos;
    });
    EXPECT_TRUE(is_told);
}

TEST_F(CallLimit, IsRemovedByNoneAndWithItsConnection) {
    limit("5");
    EXPECT_FALSE(limit("none").contains("limit"));
    EXPECT_EQ(shown().find("limit "), std::string::npos) << shown();
    limit("7");
    program_.write_flow(
        "asks",
        "return flow { title = 'Asks', trigger = trigger.manual {}, "
        "run = function() end }"
    );
    ASSERT_EQ(program_.cli({"flows", "publish", "bad"}).exit_code, 0);
    ASSERT_EQ(program_.cli({"connections", "remove", "web"}).exit_code, 0);
    EXPECT_EQ(code_of(limit("7")), "ConnectionNotFound");
}

TEST_F(CallLimit, SaysWhatANumberOfCallsIs) {
    EXPECT_EQ(code_of(limit("many")), "InvalidCallLimit");
    EXPECT_EQ(code_of(limit("0")), "InvalidCallLimit");
    const Reply reply = program_.api("PUT", "/connections/web/limit", {{"calls_a_day", 1.5}});
    EXPECT_EQ(reply.status, 400) << reply.text;
    EXPECT_EQ(reply.code(), "InvalidCallLimit");
}

}  // namespace
}  // namespace tideway::testing
