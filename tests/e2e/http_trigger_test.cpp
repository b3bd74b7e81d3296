// Flows that any web service starts: one that is asked, and one that calls.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

constexpr const char* kRates = R"(
return flow {
  title = "Rates",
  trigger = trigger.http_poll {
    uri = "/rates",
    recurrence = { frequency = "Second", interval = 1 },
    condition = function(event) return #event.body.rates > 0 end,
    dedupe_by = function(event) return event.body.day end,
    split_on = function(event) return event.body.rates end,
  },
  run = function(item)
    return item.currency .. " " .. item.rate
  end,
})";

constexpr const char* kOrders = R"(
return flow {
  title = "Orders",
  trigger = trigger.http_webhook {
    subscribe = { uri = "/hooks", body = { url = "{callback_url}", of = "orders" } },
    unsubscribe = { uri = "/hooks/{answer/body/id}" },
    condition = function(event) return event.body == nil or event.body.order ~= 0 end,
    dedupe_by = function(event) return event.headers["x-delivery"] end,
  },
  run = function(event)
    if event.queries.challenge then
      respond("Prove that we want it", { status = 200, body = event.queries.challenge })
      return "challenged"
    end
    respond("Taken", { status = 202 })
    return event.body.order
  end,
})";

// A service that has rates to be asked for, and tells its subscribers of orders.
class Neighbour {
  public:
    Neighbour()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              responder->send(request.path == "/rates" ? rates(request) : hooks(request));
          }) {}

    std::string url() const { return server_.base_url(); }

    void set_rates(const std::string& json) {
        server_.run([&] {
            rates_ = json;
            ++version_;
        });
    }

    int requests_for_rates() {
        return server_.run([this] { return asked_; });
    }

    int answers_without_body() {
        return server_.run([this] { return not_modified_; });
    }

    // Addresses by id of the subscription.
    std::map<std::string, std::string> subscribers() {
        return server_.run([this] { return subscribers_; });
    }

    void refuse_subscriptions() {
        server_.run([this] { is_refusing_ = true; });
    }

  private:
    http::Response rates(const http::ServerRequest& request) {
        ++asked_;
        const std::string etag = "\"v" + std::to_string(version_) + "\"";
        if (request.headers.get_or("If-None-Match", "") == etag) {
            ++not_modified_;
            return {304, {}, ""};
        }
        http::Response out = http::json_response(200, rates_);
        out.headers.set("ETag", etag);
        return out;
    }

    http::Response hooks(const http::ServerRequest& request) {
        if (request.method == "POST" && is_refusing_) {
            return http::json_response(403, R"({"message":"No more hooks for Contoso."})");
        }
        if (request.method == "POST") {
            const std::string id = "h" + std::to_string(++subscriptions_);
            subscribers_[id] = string_or(Json::parse(request.body), "url");
            return http::json_response(201, R"({"id":")" + id + R"("})");
        }
        subscribers_.erase(request.path.substr(request.path.rfind('/') + 1));
        return {204, {}, ""};
    }

    std::string rates_ = R"({"day":0,"rates":[]})";
    int version_ = 1;
    int asked_ = 0;
    int not_modified_ = 0;
    int subscriptions_ = 0;
    bool is_refusing_ = false;
    std::map<std::string, std::string> subscribers_;
    TestServer server_;  // last: its thread uses what is above
};

class HttpTrigger : public ::testing::Test {
  protected:
    void serve(const std::string& flow, const std::string& text) {
        program_.write_flow(flow, text);
        program_.init();
        program_.serve();
        const auto added = program_.cli(
            {"connections",
             "add",
             "http",
             "--name",
             "web",
             "--set",
             "base_url=" + neighbour_.url(),
             "--set",
             "allow_private_network=true",
             "--set",
             "allow_plain_http=true"}
        );
        ASSERT_EQ(added.exit_code, 0) << added.text();
    }

    bool has_event(const std::string& flow, const std::string& status) const {
        const Json events = program_.api("GET", "/events?flow=bad/" + flow).body.at("value");
        return std::ranges::any_of(events, [&](const Json& event) {
            return string_or(event, "status") == status;
        });
    }

    std::size_t runs(const std::string& flow) const {
        return program_.api("GET", "/runs?flow=bad/" + flow).body.at("value").size();
    }

    std::string only_subscriber() {
        const auto subscribers = neighbour_.subscribers();
        EXPECT_EQ(subscribers.size(), 1U);
        return subscribers.empty() ? "" : subscribers.begin()->second;
    }

    Neighbour neighbour_;
    Program program_;
};

TEST_F(HttpTrigger, PollsAnAddressAndStartsARunForEachNewItemAlsoAfterACrash) {
    serve("rates", kRates);
    program_.turn_on("rates");
    ASSERT_TRUE(tests::becomes([&] { return neighbour_.requests_for_rates() >= 2; }));
    EXPECT_EQ(runs("rates"), 0U);
    neighbour_.set_rates(
        R"({"day":1,"rates":[{"currency":"USD","rate":"1.08"},{"currency":"CHF","rate":"0.94"}]})"
    );
    ASSERT_TRUE(tests::becomes([&] { return runs("rates") == 2; }));
    program_.kill();
    program_.serve();
    const int before = neighbour_.answers_without_body();
    ASSERT_TRUE(tests::becomes([&] { return neighbour_.answers_without_body() > before; }));
    EXPECT_EQ(runs("rates"), 2U);
    neighbour_.set_rates(R"({"day":2,"rates":[{"currency":"CHF","rate":"0.95"}]})");
    ASSERT_TRUE(tests::becomes([&] { return runs("rates") == 3; }));
    const Json run = program_.api("GET", "/runs?flow=bad/rates").body.at("value").front();
    EXPECT_EQ(program_.ended(string_or(run, "id")).at("output"), "CHF 0.95");
}

TEST_F(HttpTrigger, RecordsAnswersThatItsFlowDoesNotWant) {
    serve("rates", kRates);
    neighbour_.set_rates(R"({"day":1,"rates":[]})");
    program_.turn_on("rates");
    ASSERT_TRUE(tests::becomes([&] { return neighbour_.requests_for_rates() >= 1; }));
    neighbour_.set_rates(R"({"day":1,"rates":[],"late":true})");
    ASSERT_TRUE(tests::becomes([&] { return has_event("rates", "ConditionUnmet"); }));
    neighbour_.set_rates(R"({"day":1,"rates":[{"currency":"CHF","rate":"0.94"}]})");
    ASSERT_TRUE(tests::becomes([&] { return runs("rates") == 1; }));
    neighbour_.set_rates(R"({"day":1,"rates":[{"currency":"CHF","rate":"0.93"}]})");
    ASSERT_TRUE(tests::becomes([&] { return has_event("rates", "Duplicate"); }));
    EXPECT_EQ(runs("rates"), 1U);
}

TEST_F(HttpTrigger, SubscribesWhileItsFlowIsOnAndTakesItsCalls) {
    serve("orders", kOrders);
    EXPECT_TRUE(neighbour_.subscribers().empty());
    program_.turn_on("orders");
    const std::string address = only_subscriber();
    EXPECT_EQ(address, program_.trigger_url("orders"));
    const Reply reply = program_.post(address, R"({"order":42})");
    EXPECT_EQ(reply.status, 202) << reply.text;
    const std::string run = reply.headers.get_or("x-ms-workflow-run-id", "");
    EXPECT_EQ(program_.ended(run).at("output"), 42);
    // Where nobody subscribed, nobody is heard.
    EXPECT_EQ(program_.post(address + "x", R"({"order":43})").status, 401);
    const auto off = program_.cli({"flows", "off", "orders"});
    EXPECT_EQ(off.exit_code, 0) << off.text();
    EXPECT_TRUE(neighbour_.subscribers().empty());
    EXPECT_EQ(program_.post(address, R"({"order":44})").code(), "WorkflowTriggerIsNotEnabled");
}

TEST_F(HttpTrigger, AnswersAServiceThatAsksWhetherItIsWanted) {
    serve("orders", kOrders);
    program_.turn_on("orders");
    http::Request request;
    request.url = only_subscriber() + "&challenge=xyz";
    const Reply reply = program_.send(std::move(request));
    EXPECT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.text, "\"xyz\"");
}

TEST_F(HttpTrigger, KeepsTheConditionsOfItsFlow) {
    serve("orders", kOrders);
    program_.turn_on("orders");
    const std::string address = only_subscriber();
    EXPECT_EQ(program_.post(address, R"({"order":0})").status, 202);
    EXPECT_EQ(runs("orders"), 0U);
    for (int delivery = 0; delivery < 2; ++delivery) {
        http::Request request;
        request.method = "POST";
        request.url = address;
        request.headers = {{"Content-Type", "application/json"}, {"X-Delivery", "d-1"}};
        request.body = R"({"order":5})";
        EXPECT_EQ(program_.send(std::move(request)).status, 202);
    }
    EXPECT_EQ(runs("orders"), 1U);
}

TEST_F(HttpTrigger, StaysOffWhenTheServiceRefusesTheSubscription) {
    serve("orders", kOrders);
    neighbour_.refuse_subscriptions();
    const auto on = program_.cli({"flows", "on", "orders"});
    EXPECT_NE(on.exit_code, 0);
    EXPECT_NE(on.errors.find("No more hooks for Contoso."), std::string::npos) << on.text();
    EXPECT_EQ(string_or(program_.api("GET", "/flows/bad/orders").body, "state"), "Off");
}

TEST_F(HttpTrigger, TellsTheServiceANewAddressWhenTheKeyIsRotated) {
    serve("orders", kOrders);
    program_.turn_on("orders");
    const std::string before = only_subscriber();
    const auto rotated = program_.cli({"flows", "rotate-key", "orders", "--key", "primary"});
    EXPECT_EQ(rotated.exit_code, 0) << rotated.text();
    EXPECT_NE(only_subscriber(), before);
    EXPECT_EQ(program_.post(only_subscriber(), R"({"order":1})").status, 202);
}

}  // namespace
}  // namespace tideway::testing
