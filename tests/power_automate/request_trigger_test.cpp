// The HTTP request trigger: what callers send, what flows get, and what callers are answered.
#include <future>
#include <memory>

#include <gtest/gtest.h>

#include "engine/server/trigger_routes.h"
#include "tests/support/recording_responder.h"
#include "tests/support/run_history.h"

namespace tideway::testing {
namespace {

using model::Status;

constexpr WorldOptions kInMemory{.durability = store::Durability::kProcess};

// Runs tasks where they are posted, and timers when they are told to. Thread: any.
class HeldFront final : public Executor {
  public:
    void post(std::function<void()> task) override { task(); }

    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override {
        auto timer = std::make_unique<Held>();
        const Lock lock(mutex_);
        held_.push_back({delay, timer->alive, std::move(task)});
        return timer;
    }

    // Whether a timer of that length was held.
    bool pass(Duration delay) {
        for (const Entry& entry : held()) {
            if (entry.delay == delay && !entry.alive.expired()) {
                entry.task();
                return true;
            }
        }
        return false;
    }

  private:
    struct Held final : Timer {
        std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    };

    struct Entry {
        Duration delay;
        std::weak_ptr<bool> alive;
        std::function<void()> task;
    };

    std::vector<Entry> held() {
        const Lock lock(mutex_);
        return held_;
    }

    Mutex mutex_;
    std::vector<Entry> held_;
};

class AwaitedResponder final : public http::Responder {
  public:
    void send(http::Response response) override { promise_.set_value(std::move(response)); }

    std::shared_ptr<http::EventStream> stream() override { return nullptr; }

    void cut() override {}

    std::future<http::Response> answer() { return promise_.get_future(); }

  private:
    std::promise<http::Response> promise_;
};

class RequestTrigger : public ::testing::Test {
  protected:
    // `trigger`: fields of the trigger's table.
    void make(const std::string& body, const std::string& trigger = "") {
        world_ = std::make_unique<RuntimeWorld>(
            kInMemory,
            std::vector<FlowText>{
                {"flow",
                 "return flow { title = \"Flow\", trigger = trigger.http_request { " + trigger +
                     " },\nrun = function(event)\n" + body + "\nend }"}}
        );
        registry_ = std::move(*connector::Registry::create({}));
        context_.runtime = &world_->runtime();
        context_.catalog = &world_->catalog();
        context_.activation = &world_->activation();
        context_.registry = registry_.get();
        context_.front = &front_;
        context_.clock = &clock_;
        server::add_trigger_routes(router_, context_);
        const auto address = world_->activation().address_blocking(*world_->catalog().flow("flow"));
        ASSERT_TRUE(address) << address.error().text();
        target_ = address->url.substr(address->url.find("/flows/"));
    }

    std::future<http::Response> send(
        const std::string& method, const std::string& body, http::Headers headers = {}
    ) {
        auto responder = std::make_shared<AwaitedResponder>();
        auto answer = responder->answer();
        router_.handle(
            test_support::make_request(method, target_, body, std::move(headers)), responder
        );
        return answer;
    }

    http::Response post(const std::string& body, const std::string& type = "application/json") {
        return send("POST", body, {{"Content-Type", type}}).get();
    }

    model::RunRecord run_of(const http::Response& response) {
        const auto uid = Uid::parse(response.headers.get_or("x-ms-workflow-run-id", ""));
        EXPECT_TRUE(uid);
        return uid ? world_->ended(*uid) : model::RunRecord();
    }

    static std::string code_of(const http::Response& response) {
        const Json body = Json::parse(response.body);
        return string_or(body.at("error"), "code");
    }

    HeldFront front_;
    SystemClock clock_;
    std::unique_ptr<RuntimeWorld> world_;
    std::unique_ptr<connector::Registry> registry_;
    server::Context context_;
    http::Router router_;
    std::string target_;
};

TEST_F(RequestTrigger, WithoutAResponseAnswers202AtOnceAndNamesTheRun) {
    make(R"(wait_for_callback("Hold", function() end))");
    const auto response = post("{}");
    EXPECT_EQ(response.status, 202);
    EXPECT_TRUE(Uid::parse(response.headers.get_or("x-ms-workflow-run-id", "")));
    EXPECT_EQ(response.headers.get_or("x-ms-workflow-name", ""), "flow");
    EXPECT_TRUE(response.headers.get("x-ms-workflow-version"));
}

TEST_F(RequestTrigger, WithAResponseAnswersWithIt) {
    make(R"(respond { status = 201, headers = { Location = "/orders/7" }, body = { id = 7 } })");
    const auto response = post("{}");
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.headers.get_or("Location", ""), "/orders/7");
    EXPECT_EQ(response.headers.get_or("Content-Type", ""), "application/json");
    EXPECT_EQ(response.body, R"({"id":7})");
    EXPECT_EQ(run_of(response).status, Status::kSucceeded);
}

TEST_F(RequestTrigger, AResponseMayReportAnErrorAndTheRunSucceeds) {
    make(R"(respond { status = 422, body = { message = "The amount is missing." } })");
    const auto response = post("{}");
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(run_of(response).status, Status::kSucceeded);
}

TEST_F(RequestTrigger, StepsBehindTheResponseGoOn) {
    make(R"(respond { body = "taken" } compose("Behind it", 1) return "went on")");
    EXPECT_EQ(run_of(post("{}")).output.view(), R"("went on")");
}

TEST_F(RequestTrigger, ACallerWaitsTwoMinutesForAResponseAndTheRunGoesOn) {
    make(R"(wait_for_callback("Hold", function() end) respond { body = "late" })");
    auto answer = send("POST", "{}");
    ASSERT_TRUE(world_->becomes([this] {
        const auto runs = world_->reader().runs({});
        return runs && !runs->runs.empty() && runs->runs.front().status == Status::kWaiting;
    }));
    ASSERT_TRUE(front_.pass(std::chrono::seconds(120)));
    const auto response = answer.get();
    EXPECT_EQ(response.status, 504);
    EXPECT_EQ(code_of(response), "GatewayTimeout");
    EXPECT_EQ(world_->reader().runs({})->runs.front().status, Status::kWaiting);
}

TEST_F(RequestTrigger, ARunThatEndsWithoutItsResponseIs502) {
    make(R"(fail("Bad", "It broke.") respond { body = "never" })");
    const auto response = post("{}");
    EXPECT_EQ(response.status, 502);
    EXPECT_EQ(code_of(response), "NoResponse");
    EXPECT_EQ(run_of(response).status, Status::kFailed);
}

TEST_F(RequestTrigger, ASecondResponseFailsTheRunAndTheFirstCounts) {
    make(R"(respond { body = "first" } respond("Second", { body = "second" }))");
    const auto response = post("{}");
    EXPECT_EQ(response.body, R"("first")");
    const auto run = run_of(response);
    EXPECT_EQ(run.status, Status::kFailed);
    EXPECT_EQ(run.failed_step, "Second");
    EXPECT_EQ(model::parse_step_error(run.error.view()).code, "AlreadyResponded");
}

TEST_F(RequestTrigger, AResponseOfARunThatNobodyWaitsForIsKept) {
    RuntimeWorld world(
        kInMemory,
        {{"manual",
          R"(return flow { title = "M", trigger = trigger.manual {},
               run = function() respond { body = "kept" } end })"}}
    );
    const auto run = world.run("manual");
    EXPECT_EQ(run.status, Status::kSucceeded);
    EXPECT_EQ(run.response.view(), R"({"body":"kept"})");
}

TEST_F(RequestTrigger, ASplitEventIsAnswered202AlsoWithAResponse) {
    make(R"(respond { body = event })", "split_on = function(event) return event.body.items end");
    const auto response = post(R"({"items":[1,2,3]})");
    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(Json::parse(response.body).at("runs").size(), 3U);
}

TEST_F(RequestTrigger, ARepeatedRequestGetsTheAnswerOfTheFirst) {
    make(
        R"(respond { body = { number = event.body.number } })",
        "dedupe_by = function(event) return event.body.id end"
    );
    EXPECT_EQ(post(R"({"id":"a","number":1})").body, R"({"number":1})");
    EXPECT_EQ(post(R"({"id":"a","number":2})").body, R"({"number":1})");
}

TEST_F(RequestTrigger, OfAFlowThatIsOffIsRefusedAndLeavesATrace) {
    make("return 1");
    const auto flow = world_->catalog().flow("flow");
    ASSERT_TRUE(world_->catalog().set_state(flow->row.id, model::FlowState::kOff, "for the test"));
    const auto response = post(R"({"order":7})");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(code_of(response), "WorkflowTriggerIsNotEnabled");
    ASSERT_TRUE(world_->becomes([this] { return world_->events("flow").size() == 1; }));
    EXPECT_EQ(world_->events("flow").front().status, model::EventStatus::kRefused);
}

TEST_F(RequestTrigger, GivesJsonAsAValueAndItsHeadersAndQueries) {
    make(R"(
respond { body = { event.method, event.body.text, event.headers["x-shop"], event.queries.page } })"
    );
    target_ += "&page=2";
    auto answer =
        send("POST", R"({"text":"hi"})", {{"Content-Type", "application/json"}, {"X-Shop", "7"}});
    EXPECT_EQ(answer.get().body, R"(["POST","hi","7","2"])");
}

class RequestContent : public RequestTrigger {
  protected:
    // The event's body for a request with this content.
    Json body_for(const std::string& content, const std::string& type) {
        make("respond { body = { got = event.body } }");
        const auto response = post(content, type);
        EXPECT_EQ(response.status, 200) << response.body;
        const Json body = Json::parse(response.body);
        const Json* got = find(body, "got");
        return got == nullptr ? Json() : *got;
    }
};

TEST_F(RequestContent, OfJsonIsAValue) {
    EXPECT_EQ(
        body_for(R"({"a":[1,2.5,null]})", "application/json; charset=utf-8"),
        Json::parse(R"({"a":[1,2.5,null]})")
    );
}

TEST_F(RequestContent, OfTextIsText) {
    EXPECT_EQ(body_for("hello", "text/plain"), Json("hello"));
}

TEST_F(RequestContent, OfAnyOtherKindIsBase64WithItsType) {
    const Json body = body_for("\x01\x02", "application/octet-stream");
    EXPECT_EQ(string_or(body, "$content-type"), "application/octet-stream");
    EXPECT_EQ(string_or(body, "$content"), "AQI=");
}

TEST_F(RequestContent, OfAFormHasItsFields) {
    const Json body = body_for("name=Contoso&name=Fabrikam", "application/x-www-form-urlencoded");
    EXPECT_EQ(string_or(body, "$content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(
        body.at("$formdata"),
        Json::parse(R"([{"key":"name","value":"Contoso"},{"key":"name","value":"Fabrikam"}])")
    );
}

TEST_F(RequestContent, ThatIsMissingIsNoBody) {
    EXPECT_EQ(body_for("", "application/json"), Json());
}

}  // namespace
}  // namespace tideway::testing
