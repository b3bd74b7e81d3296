// What the sandbox says about rights, and that it acts accordingly.
#include <gmock/gmock.h>

#include "tests/connectors/dataverse/sandbox_fixture.h"

namespace tideway::connectors::dataverse {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class SandboxPrivileges : public SandboxTest {
  protected:
    std::string me() { return get("WhoAmI")["UserId"].get<std::string>(); }

    std::vector<std::string> held(const std::string& user, const Json& names) {
        const Json answer = get(
            "systemusers(" + user +
            ")/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)?@p=" +
            http::encode_component(dump(names))
        );
        std::vector<std::string> out;
        for (const Json& each : answer["RolePrivileges"]) {
            EXPECT_EQ(each["Depth"], "Global");
            out.push_back(each["PrivilegeName"].get<std::string>());
        }
        return out;
    }

    void deny(const std::string& name, const Json& privileges) {
        const Json body = {{"name", name}, {"deny", privileges}};
        EXPECT_EQ(send("POST", "/sandbox/privileges", dump(body)).status, 200);
    }

    std::string opportunity() { return create("opportunities", {{"name", "Line inspection"}}); }

    static std::string user(int number) {
        return "/systemusers(" + sandbox::seed_id('e', number) + ")";
    }
};

TEST_F(SandboxPrivileges, ATablesDefinitionNamesItsRights) {
    const auto type_of = [this](const std::string& table, const std::string& name) {
        const Json all =
            get("EntityDefinitions(LogicalName='" + table + "')?$select=Privileges")["Privileges"];
        for (const Json& each : all) {
            if (each["Name"] == name) {
                return each["PrivilegeType"].get<std::string>();
            }
        }
        return std::string();
    };
    EXPECT_EQ(type_of("opportunity", "prvAppendToOpportunity"), "AppendTo");
    EXPECT_EQ(type_of("systemuser", "prvReadUser"), "Read");
    EXPECT_EQ(type_of("systemuser", "prvAssignUser"), "") << "users have no owner";
    EXPECT_EQ(type_of("transactioncurrency", "prvReadTransactionCurrency"), "Read");
    EXPECT_EQ(type_of("opportunityclose", "prvCreateActivity"), "Create");
    EXPECT_EQ(type_of("callbackregistration", "prvDeleteCallbackRegistration"), "Delete");
}

TEST_F(SandboxPrivileges, AUserIsToldWhichOfTheAskedRightsItsRolesGive) {
    const Json asked = {"prvCreateOpportunity", "prvReadUser", "prvReadUnicorn"};
    EXPECT_THAT(held(me(), asked), SizeIs(2));
    deny("crm-client", {"prvCreateOpportunity"});
    EXPECT_THAT(held(me(), asked), testing::ElementsAre("prvReadUser"));
}

TEST_F(SandboxPrivileges, AllRightsOfAUserAreListedOnce) {
    token = token_for("plain", "user");
    const Json all = get("systemusers(" + me() + ")/Microsoft.Dynamics.CRM.RetrieveUserPrivileges");
    std::vector<std::string> names;
    for (const Json& each : all["RolePrivileges"]) {
        names.push_back(each["PrivilegeName"].get<std::string>());
    }
    EXPECT_THAT(names, Contains("prvAssignOpportunity").Times(1));
    EXPECT_THAT(names, Contains("prvReadActivity").Times(1));
    EXPECT_THAT(names, Contains("prvReadUser").Times(1));
    EXPECT_THAT(names, Not(Contains("prvWriteUser")));
}

TEST_F(SandboxPrivileges, RightsAreAskedForWithGetAndNames) {
    const std::string path = "systemusers(" + me() + ")/Microsoft.Dynamics.CRM.";
    EXPECT_EQ(api("POST", path + "RetrieveUserPrivileges").status, 405);
    EXPECT_EQ(api("GET", path + "RetrieveUserSetOfPrivilegesByNames").status, 400);
    EXPECT_EQ(api("GET", path + "RetrieveUnicorns").status, 404);
}

TEST_F(SandboxPrivileges, AnOwnerIsAssignedOnlyByWhoMay) {
    const std::string id = opportunity();
    const Json to_jamie = {{"ownerid@odata.bind", user(2)}};
    deny("crm-client", {"prvAssignOpportunity"});
    const http::Response refused = api("PATCH", "opportunities(" + id + ")", to_jamie);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("prvAssignOpportunity"));
    deny("crm-client", Json::array());
    EXPECT_EQ(api("PATCH", "opportunities(" + id + ")", to_jamie).status, 204);
    EXPECT_EQ(get("opportunities(" + id + ")")["_ownerid_value"], sandbox::seed_id('e', 2));
}

TEST_F(SandboxPrivileges, AnOwnerHasToBeAllowedToReadTheRow) {
    deny("jamie.reding@contoso.com", {"prvReadOpportunity"});
    const Json row = {{"name", "Line inspection"}, {"ownerid@odata.bind", user(2)}};
    const http::Response refused = api("POST", "opportunities", row);
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("prvReadOpportunity"));
}

TEST_F(SandboxPrivileges, ADisabledUserOwnsNothing) {
    const std::string kelly = sandbox::seed_id('e', 3);
    ASSERT_EQ(api("PATCH", "systemusers(" + kelly + ")", {{"isdisabled", true}}).status, 204);
    const Json row = {{"name", "Line inspection"}, {"ownerid@odata.bind", user(3)}};
    EXPECT_EQ(code_of(api("POST", "opportunities", row)), "0x80040225");
}

TEST_F(SandboxPrivileges, ALookupNeedsAppendHereAndAppendToThere) {
    const Json row = {
        {"name", "Line inspection"},
        {"parentaccountid@odata.bind", "/accounts(" + sandbox::seed_id('a', 1) + ")"}};
    deny("crm-client", {"prvAppendOpportunity"});
    EXPECT_THAT(api("POST", "opportunities", row).body, HasSubstr("prvAppendOpportunity"));
    deny("crm-client", {"prvAppendToAccount"});
    EXPECT_THAT(api("POST", "opportunities", row).body, HasSubstr("prvAppendToAccount"));
}

TEST_F(SandboxPrivileges, ASalesTeamIsTheConnectionsWithARoleOfItsCategory) {
    const std::string id = opportunity();
    for (const int role : {1, 3}) {  // Account Manager; Decision Maker, a stakeholder
        create(
            "connections",
            {{"record1id_opportunity@odata.bind", "/opportunities(" + id + ")"},
             {"record2id_systemuser@odata.bind", user(2)},
             {"record2roleid@odata.bind", "/connectionroles(" + sandbox::seed_id('9', role) + ")"}}
        );
    }
    const std::string filter = "_record1id_value eq " + id + " and record2roleid/category eq 1001";
    const Json team =
        get("connections?$expand=record2id_systemuser($select=fullname)&$filter=" +
            http::encode_component(filter))["value"];
    ASSERT_THAT(team, SizeIs(1));
    EXPECT_EQ(team[0]["record2id_systemuser"]["fullname"], "Jamie Reding");
}

}  // namespace
}  // namespace tideway::connectors::dataverse
