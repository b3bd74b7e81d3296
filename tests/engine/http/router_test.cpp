#include "engine/http/router.h"

#include <gtest/gtest.h>

#include "engine/base/json.h"

namespace tideway::http {
namespace {

class KeptAnswer final : public Responder {
  public:
    void send(Response response) override { answer = std::move(response); }

    std::shared_ptr<EventStream> stream() override { return nullptr; }

    void cut() override {}

    Response answer;
};

Handler says(std::string name) {
    return [name](ServerRequest request, std::shared_ptr<Responder> responder) {
        std::string body = name;
        for (const auto& [param, value] : request.params) {
            body += " " + param + "=" + value;
        }
        responder->send(Response{.status = 200, .headers = {}, .body = body});
    };
}

Response ask(const Router& router, std::string method, std::string path) {
    ServerRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    const auto responder = std::make_shared<KeptAnswer>();
    router.handle(std::move(request), responder);
    return responder->answer;
}

Router make_router() {
    Router router;
    router.add("GET", "/", says("root"));
    router.add("GET", "/api/v1/runs", says("list"));
    router.add("GET", "/api/v1/runs/{run}", says("run"));
    router.add("GET", "/api/v1/runs/{run}/steps/{step}", says("step"));
    router.add("GET", "/api/v1/runs/latest", says("latest"));
    router.add("DELETE", "/api/v1/runs/{run}", says("delete"));
    router.add("GET", "/console/{rest*}", says("console"));
    router.add("GET", "/console/about", says("about"));
    return router;
}

TEST(Router, FillsDecodedParameters) {
    const Router router = make_router();
    EXPECT_EQ(ask(router, "GET", "/api/v1/runs/a%2Fb%20c").body, "run run=a/b c");
    EXPECT_EQ(ask(router, "GET", "/api/v1/runs/7/steps/x").body, "step run=7 step=x");
}

TEST(Router, PrefersThePatternWithMoreLiterals) {
    const Router router = make_router();
    EXPECT_EQ(ask(router, "GET", "/api/v1/runs/latest").body, "latest");
    EXPECT_EQ(ask(router, "GET", "/console/about").body, "about");
}

TEST(Router, TakesTheRestOfThePath) {
    const Router router = make_router();
    EXPECT_EQ(ask(router, "GET", "/console/").body, "console rest=");
    EXPECT_EQ(ask(router, "GET", "/console/a/b%20c/d.js").body, "console rest=a/b c/d.js");
    EXPECT_EQ(ask(router, "GET", "/console").status, 404);
}

TEST(Router, MatchesEncodedLiterals) {
    EXPECT_EQ(ask(make_router(), "GET", "/api/v1/run%73").body, "list");
}

TEST(Router, AnswersUnknownPathsWithTheEnvelope) {
    const Response answer = ask(make_router(), "GET", "/api/v2/runs");
    EXPECT_EQ(answer.status, 404);
    const auto body = parse_json(answer.body, "answer");
    ASSERT_TRUE(body);
    EXPECT_EQ((*body)["error"]["code"], "NotFound");
    EXPECT_EQ((*body)["error"]["message"], "There is nothing at '/api/v2/runs'.");
}

TEST(Router, DoesNotTakeAnEmptySegmentForAParameter) {
    EXPECT_EQ(ask(make_router(), "GET", "/api/v1/runs/").status, 404);
}

TEST(Router, NamesTheAllowedMethods) {
    const Response answer = ask(make_router(), "PUT", "/api/v1/runs/7");
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(answer.headers.get("Allow"), "DELETE, GET, HEAD");
}

TEST(Router, FallsBackToALessLiteralPatternForItsMethod) {
    EXPECT_EQ(ask(make_router(), "DELETE", "/api/v1/runs/latest").body, "delete run=latest");
}

TEST(Router, AnswersHeadWithGet) {
    EXPECT_EQ(ask(make_router(), "HEAD", "/").body, "root");
}

TEST(ErrorResponse, CarriesRemedyDetailsAndRetryAfter) {
    Error error;
    error.kind = ErrorKind::kThrottled;
    error.code = "ServerBusy";
    error.message = "Too much at a time.";
    error.remedy = "Wait.";
    error.details = R"({"queue":8192})";
    error.retry_after = std::chrono::milliseconds(1200);
    const Response answer = error_response(error);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.headers.get("retry-after"), "2");
    EXPECT_EQ(answer.headers.get("content-type"), "application/json; charset=utf-8");
    const auto body = parse_json(answer.body, "answer");
    ASSERT_TRUE(body);
    EXPECT_EQ((*body)["error"]["remedy"], "Wait.");
    EXPECT_EQ((*body)["error"]["details"]["queue"], 8192);
}

TEST(ErrorResponse, LeavesOutWhatIsEmpty) {
    Error error;
    error.kind = ErrorKind::kNotFound;
    error.code = "RunNotFound";
    error.message = "No such run.";
    const Response answer = error_response(error);
    EXPECT_EQ(answer.body, R"({"error":{"code":"RunNotFound","message":"No such run."}})");
    EXPECT_FALSE(answer.headers.get("Retry-After"));
}

}  // namespace
}  // namespace tideway::http
