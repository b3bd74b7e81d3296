// A service that begins work, answers 202 and is asked for the end.
#include <gtest/gtest.h>

#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

constexpr const char* kOrder = R"(
local web = connection "web"
return flow {
  title = "Order",
  trigger = trigger.manual {},
  run = function(event)
    local made = web.request("Order it", { method = "POST", uri = "/orders", body = { number = event.number } })
    return made.body.order
  end,
})";

// Works on an order until it is told to finish.
class SlowService {
  public:
    SlowService()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              responder->send(answer(request));
          }) {}

    std::string url() const { return server_.base_url(); }

    void finish() {
        server_.run([this] { is_finished_ = true; });
    }

    int orders() {
        return server_.run([this] { return orders_; });
    }

    int questions() {
        return server_.run([this] { return questions_; });
    }

  private:
    http::Response answer(const http::ServerRequest& request) {
        if (request.method == "POST") {
            ++orders_;
        } else {
            ++questions_;
        }
        if (is_finished_) {
            return http::json_response(200, R"({"order":"N-1"})");
        }
        http::Response out = http::json_response(202, "{}");
        out.headers.set("Location", "/orders/1/state");
        out.headers.set("Retry-After", "1");
        return out;
    }

    int orders_ = 0;
    int questions_ = 0;
    bool is_finished_ = false;
    TestServer server_;  // last: its thread uses what is above
};

TEST(HttpAsynchronous, IsBegunOnceAndItsEndIsAwaitedOverACrash) {
    SlowService service;
    Program program;
    program.write_flow("order", kOrder);
    program.init();
    program.serve();
    const auto added = program.cli(
        {"connections",
         "add",
         "http",
         "--name",
         "web",
         "--set",
         "base_url=" + service.url(),
         "--set",
         "allow_private_network=true",
         "--set",
         "allow_plain_http=true"}
    );
    ASSERT_EQ(added.exit_code, 0) << added.text();
    program.turn_on("order");
    const std::string run = program.start("order", {{"number", 1}});
    ASSERT_TRUE(tests::becomes([&] { return service.questions() >= 2; }));
    program.wait_for(run, [](const std::string& status) { return status == "Waiting"; });
    program.kill();
    program.serve();
    const int before = service.questions();
    ASSERT_TRUE(tests::becomes([&] { return service.questions() > before; }));
    service.finish();
    const Json ended = program.ended(run);
    EXPECT_EQ(ended.at("status"), "Succeeded") << dump(ended);
    EXPECT_EQ(ended.at("output"), "N-1");
    EXPECT_EQ(service.orders(), 1);
}

}  // namespace
}  // namespace tideway::testing
