#include "engine/http/url.h"
#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

class SandboxCallbacks : public SandboxTest {
  protected:
    std::string subscribe(Json fields) {
        Json row = {
            {"url", "https://flows.contoso.com/hook"},
            {"entityname", "opportunity"},
            {"message", 4},
            {"scope", 4},
            {"version", 1},
            {"runas", 3},
            {"name", "flow"}};
        row.update(fields);
        return create("callbackregistrations", row);
    }

    // What was posted since the last call; each is answered with 200 right away.
    std::vector<Json> posted() {
        loop.poll();
        std::vector<Json> out;
        for (; read_ < client.sent.size(); ++read_) {
            out.push_back(*parse_json(client.sent[read_].request.body, "a callback"));
        }
        while (client.open_requests() > 0) {
            client.reply(200, "");
        }
        loop.poll();
        return out;
    }

    http::Response seller(const std::string& method, const std::string& path, const Json& row) {
        return sandbox->act_as("amy.alberts@contoso.com", method, path, row);
    }

    void lag(const Json& fields) {
        EXPECT_EQ(send("POST", "/sandbox/lag", dump(fields)).status, 200);
    }

  private:
    std::size_t read_ = 0;
};

TEST_F(SandboxCallbacks, ASavePostsTheRowWithItsMessage) {
    subscribe(Json::object());
    const http::Response made = seller("POST", "opportunities", {{"name", "Fabrikam deal"}});
    ASSERT_EQ(made.status, 204);
    const std::vector<Json> calls = posted();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0]["name"], "Fabrikam deal");
    EXPECT_EQ(calls[0]["SdkMessage"], "Create");
    EXPECT_EQ(calls[0]["statecode@OData.Community.Display.V1.FormattedValue"], "Open");
    EXPECT_EQ(calls[0]["_ownerid_value"], sandbox::seed_id('e', 1));
    EXPECT_NE(calls[0]["RunAsSystemUserId"], sandbox::seed_id('e', 1)) << "3: the flow's owner";
    EXPECT_EQ(client.sent[0].request.url, "https://flows.contoso.com/hook");
    const Json log = body_of(send("GET", "/sandbox/deliveries"))["deliveries"];
    EXPECT_EQ(log[0]["state"], "delivered");
}

TEST_F(SandboxCallbacks, EverySaveIsPosted) {
    subscribe(Json::object());
    const std::string id = create("opportunities", {{"name", "One"}});
    for (int i = 0; i < 3; ++i) {
        api("PATCH", "opportunities(" + id + ")", {{"name", "One"}});
    }
    EXPECT_EQ(posted().size(), 4U);
}

TEST_F(SandboxCallbacks, TheMessageDecides) {
    subscribe({{"message", 2}});
    const std::string id = create("opportunities", {{"name", "One"}});
    api("PATCH", "opportunities(" + id + ")", {{"name", "Two"}});
    EXPECT_TRUE(posted().empty());
    api("DELETE", "opportunities(" + id + ")");
    const std::vector<Json> calls = posted();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0]["SdkMessage"], "Delete");
    EXPECT_EQ(calls[0]["opportunityid"], id);
}

TEST_F(SandboxCallbacks, FilteringAttributesLookAtTheRequestNotAtTheChange) {
    subscribe({{"message", 3}, {"filteringattributes", "estimatedclosedate, parentaccountid"}});
    const std::string path = "opportunities(" + create("opportunities", {{"name", "One"}}) + ")";
    api("PATCH", path, {{"name", "Two"}});
    EXPECT_TRUE(posted().empty());
    api("PATCH", path, {{"estimatedclosedate", nullptr}});
    EXPECT_EQ(posted().size(), 1U) << "named in the request, unchanged";
    api("PATCH",
        path,
        {{"parentaccountid@odata.bind", "/accounts(" + sandbox::seed_id('a', 1) + ")"}});
    EXPECT_EQ(posted().size(), 1U) << "a lookup counts by its column's name";
}

TEST_F(SandboxCallbacks, TheFilterExpressionSeesTheSavedRow) {
    subscribe({{"filterexpression", "msft_syncwithpartnercenter eq true"}});
    const std::string path = "opportunities(" + create("opportunities", {{"name", "One"}}) + ")";
    EXPECT_TRUE(posted().empty());
    api("PATCH", path, {{"msft_syncwithpartnercenter", true}});
    EXPECT_EQ(posted().size(), 1U);
    api("PATCH", path, {{"name", "Two"}});
    EXPECT_EQ(posted().size(), 1U);
}

TEST_F(SandboxCallbacks, ScopeUserMeansTheOwnersRows) {
    subscribe({{"scope", 1}});
    seller("POST", "opportunities", {{"name", "Amy's"}});
    EXPECT_TRUE(posted().empty());
    create("opportunities", {{"name", "The client's own"}});
    EXPECT_EQ(posted().size(), 1U);
}

TEST_F(SandboxCallbacks, RunAsTellsTheModifyingUser) {
    subscribe({{"runas", 1}});
    seller("POST", "opportunities", {{"name", "Amy's"}});
    EXPECT_EQ(posted().at(0)["RunAsSystemUserId"], sandbox::seed_id('e', 1));
}

TEST_F(SandboxCallbacks, DeletingTheRegistrationEndsIt) {
    const std::string id = subscribe(Json::object());
    EXPECT_FALSE(get("callbackregistrations(" + id + ")").contains("url")) << "write-only";
    EXPECT_EQ(api("DELETE", "callbackregistrations(" + id + ")").status, 204);
    create("opportunities", {{"name", "One"}});
    EXPECT_TRUE(posted().empty());
}

TEST_F(SandboxCallbacks, WrongRegistrationsAreRefused) {
    const Json good = {
        {"url", "https://flows.contoso.com/hook"},
        {"entityname", "opportunity"},
        {"message", 4},
        {"scope", 4}};
    const std::pair<const char*, Json> mistakes[] = {
        {"entityname", "opportunities"},
        {"url", "hook"},
        {"url", "https://a/" + std::string(2000, 'x')},
        {"message", 8},
        {"scope", nullptr},
        {"filteringattributes", "nosuch"},
        {"filterexpression", "nosuch eq 1"}};
    EXPECT_EQ(api("POST", "callbackregistrations", good).status, 204);
    for (const auto& [field, value] : mistakes) {
        Json row = good;
        row[field] = value;
        EXPECT_EQ(api("POST", "callbackregistrations", row).status, 400) << field << value;
    }
}

TEST_F(SandboxCallbacks, WhatIsRolledBackIsNotPosted) {
    subscribe(Json::object());
    const http::Headers headers{
        {"Authorization", "Bearer " + token}, {"Content-Type", "multipart/mixed;boundary=b"}};
    const std::string part =
        "--c\r\nContent-Type: application/http\r\n\r\nPOST opportunities HTTP/1.1\r\n\r\n";
    send(
        "POST",
        "/api/data/v9.2/$batch",
        "--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n" + part + "{\"name\":\"a\"}\r\n" +
            part + "{\"nosuch\":1}\r\n--c--\r\n--b--\r\n",
        headers
    );
    EXPECT_TRUE(posted().empty());
}

TEST_F(SandboxCallbacks, FailedDeliveriesAreRetriedAndGivenUp) {
    subscribe(Json::object());
    lag({{"retry_ms", 0}, {"attempts", 3}});
    client.will_answer(503, "");
    client.will_answer(
        testing_support::FakeHttpClient::trouble(ErrorKind::kUnavailable, "connection refused")
    );
    client.will_answer(500, "");
    create("opportunities", {{"name", "One"}});
    while (loop.poll() > 0) {
    }
    EXPECT_EQ(client.sent.size(), 3U);
    const Json log = body_of(send("GET", "/sandbox/deliveries"))["deliveries"];
    EXPECT_EQ(log[0]["state"], "failed");
    EXPECT_EQ(log[0]["attempts"], 3);
    EXPECT_EQ(log[0]["status"], 500);
}

TEST_F(SandboxCallbacks, ADeliveryThatSucceedsLaterIsDelivered) {
    subscribe(Json::object());
    lag({{"retry_ms", 0}});
    client.will_answer(503, "");
    client.will_answer(202, "");
    create("opportunities", {{"name", "One"}});
    while (loop.poll() > 0) {
    }
    EXPECT_EQ(body_of(send("GET", "/sandbox/deliveries"))["deliveries"][0]["state"], "delivered");
    EXPECT_EQ(body_of(send("GET", "/sandbox/deliveries"))["pending"], 0);
}

TEST_F(SandboxCallbacks, TheNextOnesCanBeLost) {
    subscribe(Json::object());
    lag({{"lose", 1}});
    create("opportunities", {{"name", "One"}});
    create("opportunities", {{"name", "Two"}});
    const Json calls = posted();
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0]["name"], "Two");
}

TEST_F(SandboxCallbacks, DeliveriesCanBePausedDoubledAndReordered) {
    subscribe(Json::object());
    lag({{"paused", true}, {"duplicates", 1}, {"reorder", 10}});
    create("opportunities", {{"name", "One"}});
    create("opportunities", {{"name", "Two"}});
    EXPECT_TRUE(posted().empty());
    lag({{"paused", false}});
    Json order = Json::array();
    for (const Json& call : posted()) {
        order.push_back(call["name"]);
    }
    EXPECT_EQ(order, Json({"Two", "Two", "One", "One"}));
    EXPECT_EQ(send("POST", "/sandbox/lag", R"({"delay_ms":-1})").status, 400);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
