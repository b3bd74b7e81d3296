#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

using test::answer;
using test::Conversation;

constexpr const char* kAccounts = "https://contoso.crm.dynamics.com/api/data/v9.1/accounts";
constexpr const char* kId = "6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10";

class DataverseQuery : public ::testing::Test {
  protected:
    test::ConnectorUnderTest crm_{
        "dataverse",
        make_connector(),
        {{"base_url", "https://contoso.crm.dynamics.com"}, {"api_version", "v9.1"}}};

    static std::string page(Json rows, Json more = Json::object()) {
        more["value"] = std::move(rows);
        return more.dump();
    }

    static Json row(const std::string& name) {
        return {{"@odata.etag", "W/\"1\""}, {"accountid", kId}, {"name", name}};
    }
};

TEST_F(DataverseQuery, ListsPageAfterPageAsFlatRows) {
    Conversation talk = crm_.start(
        "list_rows",
        {{"table", "account"},
         {"select", {"name"}},
         {"filter", "name eq 'O''Hara'"},
         {"orderby", "name asc"},
         {"expand", "primarycontactid($select=fullname)"}}
    );
    EXPECT_EQ(
        talk.line(),
        std::string("GET ") + kAccounts +
            "?$select=name&$filter=name%20eq%20%27O%27%27Hara%27"
            "&$orderby=name%20asc&$expand=primarycontactid%28%24select%3Dfullname%29"
    );
    EXPECT_EQ(talk.header("Prefer"), "odata.maxpagesize=1000");
    const std::string next = std::string(kAccounts) + "?$skiptoken=%3Ccookie%3E";
    talk.hears(answer(200, page({row("a")}, {{"@odata.nextLink", next}})));
    EXPECT_EQ(talk.line(), "GET " + next);
    EXPECT_EQ(talk.header("Prefer"), "odata.maxpagesize=1000");
    talk.hears(answer(200, page({row("b")})));
    const Json rows = talk.output()["rows"];
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1]["name"], "b");
    EXPECT_EQ(rows[1]["id"], kId);
    EXPECT_EQ(rows[1]["table"], "account");
}

TEST_F(DataverseQuery, TopExcludesPaging) {
    const Conversation talk = crm_.start("list_rows", {{"table", "account"}, {"top", 3}});
    EXPECT_EQ(talk.line(), std::string("GET ") + kAccounts + "?$top=3");
    EXPECT_EQ(talk.header("Prefer"), "(absent)");
}

TEST_F(DataverseQuery, MaxItemsBoundsThePageAndTheList) {
    Conversation talk = crm_.start("list_rows", {{"table", "account"}, {"max_items", 1}});
    EXPECT_EQ(talk.header("Prefer"), "odata.maxpagesize=1");
    talk.hears(answer(
        200, page({row("a")}, {{"@odata.nextLink", std::string(kAccounts) + "?$skiptoken=1"}})
    ));
    EXPECT_EQ(talk.output()["rows"].size(), 1U);
}

TEST_F(DataverseQuery, ALinkToAnotherHostIsNeverFollowed) {
    for (const char* link :
         {"https://evil.example/api/data/v9.1/accounts?$skiptoken=1",
          "http://contoso.crm.dynamics.com/api/data/v9.1/accounts?$skiptoken=1",
          "https://contoso.crm.dynamics.com/api/data/v9.1/roles?$skiptoken=1"}) {
        Conversation talk = crm_.start("list_rows", {{"table", "account"}});
        talk.hears(answer(200, page({row("a")}, {{"@odata.nextLink", link}})));
        ASSERT_TRUE(talk.is_failed()) << link;
        EXPECT_EQ(talk.error().code, "ForeignLink");
    }
}

TEST_F(DataverseQuery, AWrongColumnShowsTheServicesWords) {
    Conversation talk = crm_.start("list_rows", {{"table", "account"}, {"select", {"nam"}}});
    talk.hears(answer(
        400, R"({"error":{"code":"0x80060888","message":"Could not find a property named 'nam'"}})"
    ));
    EXPECT_EQ(talk.error().code, "BadRequest");
    EXPECT_EQ(talk.error().message, "Could not find a property named 'nam'");
}

TEST_F(DataverseQuery, TrackingStartsWithAllRowsAndEndsWithAToken) {
    Conversation talk = crm_.start("track_changes", {{"table", "account"}, {"select", {"name"}}});
    EXPECT_EQ(talk.line(), std::string("GET ") + kAccounts + "?$select=name");
    EXPECT_EQ(talk.header("Prefer"), "odata.track-changes,odata.maxpagesize=1000");
    talk.hears(answer(
        200,
        page(
            {row("a")},
            {{"@odata.deltaLink", std::string(kAccounts) + "?$select=name&$deltatoken=919042%2108"}}
        )
    ));
    EXPECT_EQ(talk.output()["rows"].size(), 1U);
    EXPECT_EQ(talk.output()["deleted"], Json::array());
    EXPECT_EQ(talk.output()["token"], "$select=name&$deltatoken=919042%2108");
    EXPECT_EQ(talk.output()["more"], false);
}

TEST_F(DataverseQuery, ATokenReadsWhatChangedAndWhatWasDeleted) {
    Conversation talk = crm_.start(
        "track_changes", {{"table", "account"}, {"token", "$select=name&$deltatoken=919042%2108"}}
    );
    EXPECT_EQ(
        talk.line(), std::string("GET ") + kAccounts + "?$select=name&$deltatoken=919042%2108"
    );
    const Json removed = {
        {"@odata.context", std::string(kAccounts) + "/$metadata#accounts/$deletedEntity"},
        {"id", "22222222-2222-4333-8444-555555555555"},
        {"reason", "deleted"}};
    talk.hears(answer(
        200,
        page({row("b"), removed}, {{"@odata.deltaLink", std::string(kAccounts) + "?$deltatoken=2"}})
    ));
    EXPECT_EQ(talk.output()["rows"][0]["name"], "b");
    EXPECT_EQ(talk.output()["deleted"], Json::array({"22222222-2222-4333-8444-555555555555"}));
    EXPECT_EQ(talk.output()["token"], "$deltatoken=2");
}

TEST_F(DataverseQuery, AnExpiredTokenSaysToStartAgain) {
    for (const http::Response& expired :
         {answer(400, R"({"error":{"code":"0x80044352","message":"Version stamp is too old."}})"),
          answer(410, R"({"error":{"code":"","message":"Gone"}})"),
          answer(400, R"({"error":{"code":"0x0","message":"The token has expired."}})")}) {
        Conversation talk =
            crm_.start("track_changes", {{"table", "account"}, {"token", "$deltatoken=1"}});
        talk.hears(expired);
        ASSERT_TRUE(talk.is_failed());
        EXPECT_EQ(talk.error().code, "DeltaTokenExpired");
    }
}

TEST_F(DataverseQuery, WhatIsNoTokenIsRefused) {
    for (const char* token : {"https://evil.example/?$deltatoken=1 x", "abc", "$deltatoken=1#f"}) {
        const Conversation talk =
            crm_.start("track_changes", {{"table", "account"}, {"token", token}});
        ASSERT_TRUE(talk.is_failed()) << token;
        EXPECT_EQ(talk.error().code, "DeltaTokenInvalid");
    }
}

TEST_F(DataverseQuery, ATableWithoutChangeTrackingSaysHowToTurnItOn) {
    Conversation talk = crm_.start("track_changes", {{"table", "account"}});
    talk.hears(answer(200, page({row("a")})));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "ChangeTrackingOff");
}

}  // namespace
}  // namespace tideway::connectors::dataverse
