// Signed addresses: relative paths, keys, ends, rotation, as callers of a flow meet them.
#include <gtest/gtest.h>

#include "tests/e2e/flows.h"
#include "tests/e2e/program.h"

namespace tideway::testing {
namespace {

constexpr const char* kCustomer = R"(
return flow {
  title = "Customer",
  trigger = trigger.http_request { method = "GET", relative_path = "customer/{id}/orders/{order}" },
  run = function(event)
    respond { status = 200, body = { path = event.path, queries = event.queries } }
  end,
})";

class FlowAddress : public ::testing::Test {
  protected:
    void SetUp() override {
        program_.write_flow("customer", kCustomer);
        program_.write_flow("echo", kEcho);
        program_.write_flow("hello", kHello);
        program_.init();
        program_.serve();
        program_.turn_on("customer");
        program_.turn_on("echo");
    }

    std::string url(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"flows", "url"});
        return string_or(program_.cli_json(arguments), "url");
    }

    Reply get(const std::string& address) const {
        http::Request request;
        request.url = address;
        return program_.send(std::move(request));
    }

    std::string last_reason(const std::string& flow) const {
        return string_or(program_.refused_event(flow), "reason");
    }

    Program program_;
};

TEST_F(FlowAddress, HasParametersThatTheFlowGetsDecoded) {
    const std::string address = url({"customer", "--relative", "customer/4 2/orders/ä"});
    EXPECT_NE(address.find("/invoke/customer/4%202/orders/%C3%A4?"), std::string::npos) << address;
    const Reply reply = get(address + "&full=yes");
    EXPECT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(
        reply.body, Json::parse(R"({"path":{"id":"4 2","order":"ä"},"queries":{"full":"yes"}})")
    );
    // A slash within a value is no slash of the address.
    std::string slash = address;
    slash.replace(slash.find("4%202"), 5, "4%2F2");
    EXPECT_EQ(get(slash).body.at("path").at("id"), "4/2");
}

TEST_F(FlowAddress, ThatIsAnotherOneIsNotFoundAndLeavesARefusedEvent) {
    std::string address = url({"customer", "--relative", "customer/1/orders/2"});
    address.replace(address.find("/orders/"), 8, "/bills/");
    const Reply reply = get(address);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(reply.code(), "TriggerPathNotFound");
    EXPECT_NE(last_reason("customer").find("customer/{id}/orders/{order}"), std::string::npos);
    const auto wrong = program_.cli({"flows", "url", "customer", "--relative", "customer/1"});
    EXPECT_EQ(wrong.exit_code, 1);
    EXPECT_NE(wrong.errors.find("does not fit"), std::string::npos) << wrong.text();
    EXPECT_NE(url({"customer"}).find("/invoke/customer/{id}/orders/{order}?"), std::string::npos);
}

TEST_F(FlowAddress, IsCalledWithTheMethodOfTheFlow) {
    const Reply post = program_.post(url({"customer", "--relative", "customer/1/orders/2"}), "{}");
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(post.headers.get_or("Allow", ""), "GET");
    const Reply got = get(program_.trigger_url("echo"));
    EXPECT_EQ(got.status, 405) << got.text;
    EXPECT_EQ(got.headers.get_or("Allow", ""), "POST");
    EXPECT_NE(last_reason("echo").find("called with POST"), std::string::npos);
}

TEST_F(FlowAddress, WithAnEndIsTakenUntilThen) {
    const Json made = program_.cli_json({"flows", "url", "echo", "--expires", "30d"});
    const std::string address = string_or(made, "url");
    EXPECT_EQ(program_.post(address, "{}").status, 200);
    EXPECT_FALSE(string_or(made, "expires").empty());
    // The end is signed: nobody moves it.
    std::string later = address;
    const std::size_t year = later.find("se=20") + 5;
    later[year] = later[year] == '9' ? '8' : '9';
    EXPECT_EQ(program_.post(later, "{}").code(), "DirectApiAuthorizationRequired");
    std::string without = address;
    const std::size_t begin = without.find("&se=");
    without.erase(begin, without.find('&', begin + 1) - begin);
    EXPECT_EQ(program_.post(without, "{}").status, 401);
    const auto past = program_.cli({"flows", "url", "echo", "--expires", "2020-01-01"});
    EXPECT_EQ(past.exit_code, 1);
    EXPECT_NE(past.errors.find("30d"), std::string::npos) << past.text();
}

TEST_F(FlowAddress, SignedWithAnOldKeyIsRefusedWhileTheOtherKeyWorks) {
    const std::string primary = url({"echo"});
    const std::string secondary = url({"echo", "--key", "secondary"});
    EXPECT_EQ(program_.post(primary, "{}").status, 200);
    EXPECT_EQ(program_.post(secondary, "{}").status, 200);
    const auto rotated = program_.cli({"flows", "rotate-key", "echo", "--key", "primary"});
    EXPECT_EQ(rotated.exit_code, 0) << rotated.text();
    EXPECT_NE(rotated.output.find("register it again"), std::string::npos) << rotated.text();
    EXPECT_EQ(program_.post(primary, "{}").status, 401);
    EXPECT_NE(last_reason("echo").find("rotated"), std::string::npos);
    EXPECT_EQ(program_.post(secondary, "{}").status, 200);
    const std::string anew = url({"echo"});
    EXPECT_NE(anew, primary);
    EXPECT_EQ(program_.post(anew, "{}").status, 200);
    program_.kill();
    program_.serve();
    EXPECT_EQ(program_.post(url({"echo", "--key", "secondary"}), "{}").status, 200);
    EXPECT_EQ(url({"echo"}).substr(url({"echo"}).find("sig=")), anew.substr(anew.find("sig=")));
}

TEST_F(FlowAddress, OfAFlowThatIsNotCalledIsNone) {
    const Json url = program_.cli_json({"flows", "url", "hello"}).at("error");
    EXPECT_EQ(string_or(url, "code"), "NoTriggerAddress");
    const Json key = program_.cli_json({"flows", "rotate-key", "hello", "--key", "primary"});
    EXPECT_EQ(string_or(key.at("error"), "code"), "NoTriggerAddress");
    const Json third = program_.cli_json({"flows", "rotate-key", "echo", "--key", "third"});
    EXPECT_EQ(string_or(third.at("error"), "code"), "InvalidArgument");
}

TEST_F(FlowAddress, TakesFormsMultipartAndBytes) {
    http::Request request;
    request.method = "POST";
    request.url = program_.trigger_url("echo");
    request.headers.set("Content-Type", "multipart/form-data; boundary=B");
    request.body = "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n--B--\r\n";
    const Reply good = program_.send(request);
    EXPECT_EQ(good.status, 200) << good.text;
    EXPECT_EQ(good.body.at("got").at("$multipart").at(0).at("body"), "hi");
    request.headers.set("Content-Type", "multipart/form-data; boundary=C");
    const Reply bad = program_.send(request);
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.code(), "InvalidMultipart");
    EXPECT_NE(last_reason("echo").find("boundary"), std::string::npos);
    request.headers.set("Content-Type", "text/plain; charset=utf-16");
    EXPECT_EQ(program_.send(request).status, 415);
}

TEST_F(FlowAddress, WithHugeHeadersIsRefusedAndTheServerGoesOn) {
    http::Request request;
    request.method = "POST";
    request.url = program_.trigger_url("echo");
    request.headers.set("X-Large", std::string(100'000, 'x'));
    EXPECT_EQ(program_.send(std::move(request)).status, 431);
    EXPECT_EQ(program_.post(program_.trigger_url("echo"), "{}").status, 200);
}

}  // namespace
}  // namespace tideway::testing
