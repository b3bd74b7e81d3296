// Services and accounts that do not do what a flow wants.
#include <mutex>

#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"
#include "tests/support/test_server.h"

namespace tideway::testing {
namespace {

http::Response json_answer(int status, const std::string& body) {
    return http::json_response(status, body);
}

// An identity provider that refuses every token, and a service that answers /<status>.
class BadService {
  public:
    explicit BadService(std::string description = {})
        : description_(std::move(description)),
          server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              answer(request, responder);
          }) {}

    // What is kept needs the server's loop to end.
    ~BadService() {
        server_.run([this] { kept_.clear(); });
    }

    BadService(const BadService&) = delete;
    BadService& operator=(const BadService&) = delete;

    std::string url() const { return server_.base_url(); }

  private:
    void answer(
        const http::ServerRequest& request, const std::shared_ptr<http::Responder>& responder
    ) {
        if (request.path == "/never") {
            kept_.push_back(responder);
            return;
        }
        if (request.path.find("oauth2") != std::string::npos) {
            const Json refused = {{"error", "invalid_client"}, {"error_description", description_}};
            responder->send(json_answer(401, dump(refused)));
            return;
        }
        const int status = std::atoi(request.path.substr(1).c_str());
        responder->send(
            json_answer(status, R"({"error":{"code":"Refused","message":"The service says no."}})")
        );
    }

    std::string description_;
    std::vector<std::shared_ptr<http::Responder>> kept_;  // on the server's thread
    TestServer server_;
};

class ServiceFault : public ::testing::Test {
  protected:
    void serve(const std::string& flow, const std::string& text) {
        program_.write_flow(flow, text);
        program_.init();
        program_.serve();
    }

    void connect_deals(const std::string& url) const {
        const Reply put = program_.api(
            "PUT",
            "/connections/deals",
            {{"connector", "partner_center"},
             {"settings",
              {{"base_url", url},
               {"authority", url},
               {"tenant", "contoso.com"},
               {"client_id", "app"},
               {"allow_private_network", true},
               {"allow_plain_http", true}}},
             {"secrets", {{"client_secret", "the-secret-of-contoso"}}},
             {"grant", "client_credentials"}}
        );
        EXPECT_EQ(put.status, 200) << put.text;
        EXPECT_EQ(put.text.find("the-secret-of-contoso"), std::string::npos);
    }

    // The one run that asked the service for `path`.
    Json ask(const std::string& uri) {
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
        EXPECT_EQ(added.exit_code, 0) << added.text();
        program_.turn_on("calls");
        return program_.run("calls", {{"uri", uri}});
    }

    Program program_;
};

TEST_F(ServiceFault, OfAMissingConnectionKeepsTheFlowOffAndNamesTheRemedy) {
    serve("reads", kReadsDeals);
    const Json refused = program_.cli_json({"flows", "on", "reads"}).at("error");
    EXPECT_EQ(string_or(refused, "code"), "ConnectionNotFound");
    EXPECT_NE(string_or(refused, "message").find("'deals'"), std::string::npos);
    EXPECT_EQ(
        string_or(refused, "remedy"),
        "Make one: tideway connections add partner_center --name deals"
    );
    EXPECT_EQ(string_or(program_.api("GET", "/flows/bad/reads").body, "state"), "Off");
}

TEST_F(ServiceFault, OfAConnectionThatIsGoneFailsTheStep) {
    BadService service;
    serve("reads", kReadsDeals);
    connect_deals(service.url());
    program_.turn_on("reads");
    const Reply bound = program_.api("PUT", "/references/bad/deals", {{"connection", "not_there"}});
    ASSERT_EQ(bound.status, 200) << bound.text;
    const Json run = program_.run("reads");
    EXPECT_EQ(string_or(run, "status"), "Failed");
    EXPECT_EQ(string_or(run.at("steps").front().at("error"), "code"), "ConnectionNotFound")
        << dump(run);
    EXPECT_NE(string_or(run, "headline").find("Get the deal"), std::string::npos);
}

TEST_F(ServiceFault, OfAConnectionInUseKeepsItFromBeingRemoved) {
    BadService service;
    serve("reads", kReadsDeals);
    connect_deals(service.url());
    const Json refused = program_.cli_json({"connections", "remove", "deals"}).at("error");
    EXPECT_EQ(string_or(refused, "code"), "ConnectionInUse");
    EXPECT_NE(string_or(refused, "message").find("bad/reads"), std::string::npos);
}

TEST_F(ServiceFault, OfAnExpiredClientSecretMakesTheRunWaitAndSaysWhatToDo) {
    BadService service("AADSTS7000222: The provided client secret keys are expired. Trace ID: 1");
    serve("reads", kReadsDeals);
    connect_deals(service.url());
    program_.turn_on("reads");
    const Json run = program_.wait_for(program_.start("reads"), [](const std::string& status) {
        return status == "Waiting";
    });
    const std::string reason = string_or(run, "wait_reason");
    EXPECT_TRUE(reason.starts_with("connection deals is unavailable since ")) << reason;
    EXPECT_TRUE(
        reason.ends_with(": The client secret has expired. (AADSTS7000222) "
                         "Make a new client secret in the app registration and enter it.")
    ) << reason;
    const std::string shown = program_.cli({"connections", "show", "deals"}).text();
    EXPECT_NE(shown.find("Unavailable"), std::string::npos) << shown;
    EXPECT_NE(shown.find("waiting runs   1"), std::string::npos) << shown;
    EXPECT_EQ(program_.log().find("the-secret-of-contoso"), std::string::npos);
}

TEST_F(ServiceFault, OfAWrongClientSecretIsFoundByTheTestOfTheConnection) {
    BadService service("AADSTS7000215: Invalid client secret provided.");
    serve("reads", kReadsDeals);
    connect_deals(service.url());
    const Json refused = program_.cli_json({"connections", "test", "deals"}).at("error");
    EXPECT_EQ(string_or(refused, "code"), "AADSTS7000215");
    EXPECT_EQ(string_or(refused, "message"), "The client secret is wrong. (AADSTS7000215)");
}

TEST_F(ServiceFault, OfAnExpiredSignInSaysToSignInAgain) {
    BadService service("AADSTS700082: The refresh token has expired due to inactivity.");
    serve("reads", kReadsDeals);
    connect_deals(service.url());
    const Json refused = program_.cli_json({"connections", "test", "deals"}).at("error");
    EXPECT_EQ(string_or(refused, "code"), "AADSTS700082");
    EXPECT_EQ(string_or(refused, "remedy"), "Sign the connection in again.");
}

TEST_F(ServiceFault, WithAClientErrorFailsTheStepWithTheServicesWords) {
    BadService service;
    serve("calls", kCallsService);
    const Json run = ask(service.url() + "/404");
    EXPECT_EQ(string_or(run, "status"), "Failed");
    EXPECT_EQ(string_or(run, "headline"), "Ask the service failed: The service says no.");
    EXPECT_EQ(string_or(run.at("steps").front().at("error"), "code"), "NotFound") << dump(run);
}

TEST_F(ServiceFault, WithAServerErrorFailsTheStep) {
    BadService service;
    serve("calls", kCallsService);
    const Json run = ask(service.url() + "/503");
    EXPECT_EQ(string_or(run, "status"), "Failed");
    EXPECT_EQ(string_or(run.at("steps").front().at("error"), "code"), "ServiceUnavailable")
        << dump(run);
}

TEST_F(ServiceFault, OfSilenceEndsAtTheTimeoutOfTheStep) {
    BadService service;
    serve("calls", kCallsService);
    const Json run = ask(service.url() + "/never");
    EXPECT_EQ(string_or(run, "status"), "TimedOut");
    EXPECT_EQ(string_or(run.at("steps").front(), "status"), "TimedOut") << dump(run);
    EXPECT_EQ(string_or(run.at("steps").front().at("error"), "code"), "RequestTimedOut");
}

TEST_F(ServiceFault, OfNobodyListeningIsARefusedConnection) {
    std::string url;
    {
        const BadService gone;
        url = gone.url();
    }
    serve("calls", kCallsService);
    const Json run = ask(url + "/200");
    EXPECT_EQ(string_or(run.at("steps").front().at("error"), "code"), "ConnectionRefused")
        << dump(run);
}

}  // namespace
}  // namespace tideway::testing
