#include "connectors/dataverse/connection_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "engine/http/url.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

using test::answer;
using test::Conversation;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kApi = "https://contoso.crm.dynamics.com/api/data/v9.2";
constexpr const char* kUser = "e0000000-0000-4000-8000-000000000009";
constexpr const char* kReadId = "0011cc28-36a4-4b1c-8c25-d0c516ddb4bc";

class DataverseConnectionTest : public ::testing::Test {
  protected:
    Conversation signed_in() {
        Conversation talk(crm_.connector().test(crm_.settings));
        EXPECT_EQ(talk.line(), std::string("GET ") + kApi + "/WhoAmI");
        talk.hears(answer(200, Json{{"UserId", kUser}}.dump()));
        return talk;
    }

    Conversation with_definitions() {
        Conversation talk = signed_in();
        talk.hears(answer(
            200,
            R"({"value":[{"LogicalName":"account","Privileges":[
                {"Name":"prvReadAccount","PrivilegeType":"Read",
                 "PrivilegeId":"0011cc28-36a4-4b1c-8c25-d0c516ddb4bc"}]}]})"
        ));
        return talk;
    }

    static std::string message(const Conversation& talk, std::size_t index) {
        return talk.output()["checks"].at(index).at("message").get<std::string>();
    }

    test::ConnectorUnderTest crm_{
        "dataverse",
        make_connector(),
        {{"base_url", "https://contoso.crm.dynamics.com"}, {"tested_tables", {"account"}}}};
};

TEST_F(DataverseConnectionTest, AsksForTheNamesOfTheRightsAndThenWhoHoldsThem) {
    Conversation talk = signed_in();
    EXPECT_EQ(
        http::decode_component(talk.line()),
        std::string("GET ") + kApi +
            "/EntityDefinitions?$select=LogicalName,DisplayName,Privileges"
            "&$filter=LogicalName eq 'account'"
    );
    talk = with_definitions();
    EXPECT_EQ(
        http::decode_component(talk.line()),
        std::string("GET ") + kApi + "/systemusers(" + kUser +
            ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)"
            "?@p=[\"prvReadAccount\"]"
    );
    const Json held = {{"PrivilegeId", kReadId}, {"Depth", "Global"}};
    talk.hears(answer(200, Json{{"RolePrivileges", {held}}}.dump()));
    ASSERT_THAT(talk.output()["checks"], SizeIs(2));
    EXPECT_TRUE(talk.output()["checks"][1]["ok"]);
}

TEST_F(DataverseConnectionTest, NamesARightThatIsMissing) {
    Conversation talk = with_definitions();
    talk.hears(answer(200, R"({"RolePrivileges":[]})"));
    EXPECT_FALSE(talk.output()["checks"][1]["ok"]);
    EXPECT_THAT(message(talk, 1), HasSubstr("Read on account (prvReadAccount)"));
}

TEST_F(DataverseConnectionTest, EndsWhereSomethingIsRefusedAndSaysWhatToDo) {
    Conversation stranger(crm_.connector().test(crm_.settings));
    stranger.hears(answer(403, R"({"error":{"code":"0x80072560","message":"not a member"}})"));
    ASSERT_THAT(stranger.output()["checks"], SizeIs(1));
    EXPECT_THAT(message(stranger, 0), HasSubstr("New app user"));

    Conversation blind = signed_in();
    blind.hears(answer(403, R"({"error":{"code":"0x80040220","message":"no prvReadEntity"}})"));
    ASSERT_THAT(blind.output()["checks"], SizeIs(2));
    EXPECT_THAT(message(blind, 1), HasSubstr("privilege prvReadEntity"));

    Conversation lost = with_definitions();
    lost.hears(answer(403, R"({"error":{"code":"0x80040220","message":"no prvReadUser"}})"));
    ASSERT_THAT(lost.output()["checks"], SizeIs(2));
    EXPECT_THAT(message(lost, 1), HasSubstr("privilege prvReadUser"));
}

TEST_F(DataverseConnectionTest, AnswersThatAreNoneOfDataverseAreNotTaken) {
    Conversation page(crm_.connector().test(crm_.settings));
    page.hears(answer(200, "<html>"));
    EXPECT_THAT(message(page, 0), HasSubstr("check base_url"));

    Conversation definitions = signed_in();
    definitions.hears(answer(200, R"({"value":7})"));
    EXPECT_THAT(message(definitions, 1), HasSubstr("check api_version"));

    Conversation rights = with_definitions();
    rights.hears(answer(200, "{}"));
    EXPECT_THAT(message(rights, 1), HasSubstr("check api_version"));
}

}  // namespace
}  // namespace tideway::connectors::dataverse
