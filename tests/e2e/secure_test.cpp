// What a flow keeps secured is shown by no route, no command, no live view and no log line; whoever
// called gets it, and a resubmit works with it.
#include <charconv>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/raw_socket.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCard = "4000-1234-5678-9010";

constexpr const char* kPays = R"(
local web = connection "web"
local hidden = { secure = true, retry = { type = "fixed", count = 2, interval = 0 } }
return flow {
  title = "Pays",
  trigger = trigger.http_request {
    secure = true,
    schema = { type = "object", properties = { kind = { enum = { "visa" } } } },
    dedupe_by = function(event) return event.body.card end,
  },
  run = function(event)
    local card, service = event.body.card, event.body.service
    compose("Card", card, { secure = true })
    web.get("Look", { uri = service .. "/look?card=" .. card }, hidden)
    web.request("Book", { method = "POST", uri = service .. "/book?card=" .. card, body = { card = card } }, hidden)
    try("Pay", function()
      web.request("Refused", { method = "POST", uri = service .. "/refuse", body = { card = card } }, hidden)
    end)
    delay("Pause", 0, { secure = true })
    local child = run_child_flow("Call", "child", { card = card }, { secure = true })
    respond("Answer", { body = { card = card, child = child } }, { secure = true })
    return { card = card }
  end,
})";

constexpr const char* kChild = R"(
return flow {
  title = "Child",
  trigger = trigger.child {},
  run = function(input) return { card = input.card } end,
})";

// Fails with what the service said.
constexpr const char* kFails = R"(
local web = connection "web"
return flow {
  title = "Fails",
  trigger = trigger.manual { secure = "inputs" },
  run = function(event)
    web.request("Refused", { method = "POST", uri = event.service .. "/refuse", body = event }, { secure = "inputs" })
  end,
})";

// Refuses the first request of each address for now, and answers with what it was sent.
class EchoingService {
  public:
    std::string url() const { return server_.base_url(); }

  private:
    void answer(const http::ServerRequest& request, http::Responder& responder) {
        const Json echo = {
            {"error", {{"code", "Refused"}, {"message", "The service says no."}}},
            {"query", request.query},
            {"body", request.body}};
        const bool is_first = ++requests_[request.path] == 1;
        const int status = is_first ? 429 : request.path == "/refuse" ? 422 : 200;
        responder.send(http::json_response(status, dump(echo)));
    }

    std::map<std::string, int> requests_;  // on the server's thread
    TestServer server_{
        [this](const http::ServerRequest& request, std::shared_ptr<http::Responder> responder) {
            answer(request, *responder);
        }};
};

class Secure : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("pays", kPays);
        program_.write_flow("child", kChild);
        program_.write_flow("fails", kFails);
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
        for (const char* flow : {"child", "pays", "fails"}) {
            program_.turn_on(flow);
        }
    }

    Json card() const { return {{"card", kCard}, {"service", service_.url()}}; }

    // The run of one payment; its caller gets the real answer.
    std::string pay() {
        const Reply paid = program_.post(program_.trigger_url("pays"), dump(card()));
        EXPECT_EQ(paid.status, 200) << paid.text;
        EXPECT_EQ(string_or(paid.body, "card"), kCard);
        EXPECT_EQ(string_or(paid.body.at("child"), "card"), kCard);
        const std::string run = paid.headers.get_or("x-ms-workflow-run-id", "");
        EXPECT_EQ(string_or(program_.ended(run), "status"), "Succeeded") << dump(read(run));
        return run;
    }

    Json read(const std::string& run) const {
        return program_.api("GET", "/runs/" + run + "?contents=true").body;
    }

    std::vector<std::string> all_runs() const {
        std::vector<std::string> out;
        const Reply reply = program_.api("GET", "/runs");
        for (const Json& run : reply.body.at("value")) {
            out.push_back(string_or(run, "id"));
        }
        return out;
    }

    std::size_t refused_events() const {
        return program_.api("GET", "/events?status=Refused").body.at("value").size();
    }

    void expect_no_route_shows_the_card() const {
        std::vector<std::string> paths = {
            "/runs",
            "/events",
            "/flows",
            "/flows/bad/pays",
            "/flows/bad/child",
            "/flows/bad/fails",
            "/variables",
            "/references",
            "/connections"};
        for (const std::string& run : all_runs()) {
            for (const char* view : {"", "?contents=true", "/journal"}) {
                paths.push_back("/runs/" + run + view);
            }
        }
        for (const std::string& path : paths) {
            const Reply reply = program_.api("GET", path);
            EXPECT_EQ(reply.status, 200) << path;
            EXPECT_THAT(reply.text, Not(HasSubstr(kCard))) << path;
        }
    }

    void expect_no_command_shows_the_card() const {
        std::vector<std::vector<std::string>> commands = {
            {"runs", "list"}, {"events", "list"}, {"flows", "list"}, {"connections", "list"}};
        for (const std::string& run : all_runs()) {
            commands.push_back({"runs", "show", run});
            commands.push_back({"runs", "show", run, "--contents"});
        }
        for (std::vector<std::string> command : commands) {
            EXPECT_THAT(program_.cli(command).text(), Not(HasSubstr(kCard)));
            command.emplace_back("--json");
            EXPECT_THAT(program_.cli(command).text(), Not(HasSubstr(kCard)));
        }
    }

    EchoingService service_;
    Program program_;
};

// A live view from the moment that its head has come.
class LiveView {
  public:
    explicit LiveView(const Program& program)
        : socket_(RawSocket::connect(context_, port_of(program.api_url()))) {
        socket_.write(
            "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
            program.token() + "\r\n\r\n"
        );
        EXPECT_THAT(socket_.read_until("\r\n\r\n"), HasSubstr("200"));
    }

    // Once the server has stopped.
    std::string all() { return socket_.read_all(); }

  private:
    static int port_of(const std::string& url) {
        const std::string digits = url.substr(url.rfind(':') + 1);
        int port = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), port);
        return port;
    }

    boost::asio::io_context context_;
    RawSocket socket_;
};

TEST_F(Secure, ValuesAreShownByNoReader) {
    LiveView live(program_);
    pay();
    const std::string url = program_.trigger_url("pays");
    EXPECT_EQ(program_.post(url, dump(card())).status, 200);  // a duplicate: the stored answer
    EXPECT_EQ(program_.post(url, dump(Json{{"kind", kCard}})).status, 400);
    EXPECT_EQ(program_.post(url, std::string("{") + kCard).status, 400);
    // A refusal is answered before it is written.
    EXPECT_TRUE(tests::becomes([this] { return refused_events() == 2; }));
    const Json failed = program_.run("fails", card());
    EXPECT_EQ(string_or(failed, "headline"), "Refused failed: The service says no.");
    expect_no_route_shows_the_card();
    expect_no_command_shows_the_card();
    program_.stop();
    const std::string seen = live.all();
    EXPECT_THAT(seen, HasSubstr(R"("status":"Succeeded")"));
    EXPECT_THAT(seen, Not(HasSubstr(kCard)));
    EXPECT_THAT(program_.log(), Not(HasSubstr(kCard)));
}

const Json& step(const Json& run, const std::string& name) {
    for (const Json& node : run.at("steps")) {
        if (string_or(node, "name") == name) {
            return node;
        }
    }
    throw std::runtime_error("no step " + name + " in " + dump(run));
}

TEST_F(Secure, ValuesAreNullAndNamedInTheirPlace) {
    const std::string id = pay();
    const Json run = read(id);
    EXPECT_EQ(run.at("secured"), Json::parse(R"(["output","response"])"));
    EXPECT_TRUE(run.at("output").is_null());
    EXPECT_EQ(run.at("event").at("secured"), Json::parse(R"(["dedupe_key","payload"])"));
    EXPECT_TRUE(run.at("event").at("payload").is_null());
    const Json& book = step(run, "Book");
    EXPECT_EQ(book.at("secured"), Json::parse(R"(["input","output"])"));
    EXPECT_TRUE(book.at("input").is_null());
    EXPECT_EQ(string_or(book.at("attempt_notes").front(), "message"), "The service says no.");
    const Json& refused = step(run, "Pay").at("children").front();
    EXPECT_EQ(refused.at("error").at("secured"), Json::parse(R"(["details"])"));
    EXPECT_EQ(string_or(refused.at("error"), "message"), "The service says no.");
    EXPECT_EQ(run.at("effects").front().at("secured"), Json::parse(R"(["object","record_id"])"))
        << dump(run.at("effects"));
    const std::string shown = program_.cli({"runs", "show", id, "--contents"}).text();
    EXPECT_THAT(shown, HasSubstr("input: (not shown: the flow keeps it secured)"));
}

TEST_F(Secure, RunIsResubmittedWithItsRealEvent) {
    const std::string first = pay();
    const Json answer = program_.cli_json({"runs", "resubmit", first});
    const std::string again = answer.at("runs").front().get<std::string>();
    EXPECT_EQ(string_or(program_.ended(again), "status"), "Succeeded") << dump(read(again));
    expect_no_route_shows_the_card();
}

TEST_F(Secure, OptionThatIsMisspeltKeepsTheFlowFromBeingPublished) {
    program_.write_flow("leaks", R"(
return flow {
  title = "Leaks",
  trigger = trigger.manual { secure = "event" },
  run = function(event) compose("Card", event.card, { secured = true }) end,
})");
    const auto checked = program_.cli({"flows", "check", program_.pack_folder()});
    EXPECT_NE(checked.exit_code, 0);
    EXPECT_THAT(checked.text(), HasSubstr("secure is one of inputs and outputs, not 'event'"));
    EXPECT_THAT(checked.text(), HasSubstr("no field 'secured'; it has secure"));
}

}  // namespace
}  // namespace tideway::testing
