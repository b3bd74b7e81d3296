#include "connectors/dataverse/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tideway::connectors::dataverse {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kReadId = "0011cc28-36a4-4b1c-8c25-d0c516ddb4bc";
constexpr const char* kWriteId = "1011cc28-36a4-4b1c-8c25-d0c516ddb4bc";

Json definitions() {
    const Json label = {{"UserLocalizedLabel", {{"Label", "Opportunity"}}}};
    return Json::array(
        {{{"LogicalName", "opportunity"},
          {"DisplayName", label},
          {"Privileges",
           {{{"Name", "prvReadOpportunity"}, {"PrivilegeId", kReadId}, {"PrivilegeType", "Read"}},
            {{"Name", "prvWriteOpportunity"},
             {"PrivilegeId", kWriteId},
             {"PrivilegeType", "Write"}}}}}}
    );
}

Json held(const char* id, const char* depth) {
    return {{"PrivilegeId", id}, {"Depth", depth}, {"BusinessUnitId", "b-1"}};
}

const TableRights kNeeded{"opportunity", {"Read", "Write"}, Reach::kOrganization};

std::string message(const Json& check) {
    return string_or(check, "message");
}

TEST(Rights, AreTakenFromTheTablesOwnDefinitions) {
    EXPECT_THAT(
        privilege_names({kNeeded}, definitions()),
        ElementsAre("prvReadOpportunity", "prvWriteOpportunity")
    );
}

TEST(Rights, ThatATableDoesNotKnowAreNotAskedFor) {
    const TableRights needed{"opportunity", {"Read", "Assign"}, Reach::kOrganization};
    EXPECT_THAT(privilege_names({needed}, definitions()), ElementsAre("prvReadOpportunity"));
    const Json all = Json::array({held(kReadId, "Global")});
    EXPECT_TRUE(check_rights(needed, definitions(), all)[0]["ok"]);
}

TEST(Rights, ThatAreAllHeldAreOneCheck) {
    const Json all = Json::array({held(kReadId, "Global"), held(kWriteId, "Global")});
    const Json checks = check_rights(kNeeded, definitions(), all);
    ASSERT_THAT(checks, SizeIs(1));
    EXPECT_TRUE(checks[0]["ok"]);
    EXPECT_EQ(checks[0]["what"], "Rights on Opportunity");
    EXPECT_EQ(message(checks[0]), "Read and Write: held.");
}

TEST(Rights, ThatAreMissingAreNamedOneByOneWithTheRemedy) {
    const Json checks = check_rights(kNeeded, definitions(), Json::array());
    ASSERT_THAT(checks, SizeIs(2));
    EXPECT_FALSE(checks[1]["ok"]);
    EXPECT_EQ(checks[1]["what"], "Write on Opportunity");
    EXPECT_THAT(
        message(checks[1]),
        HasSubstr("No security role of the user gives Write on Opportunity (prvWriteOpportunity)")
    );
    EXPECT_THAT(
        message(checks[1]), HasSubstr("give it Write on Opportunity on organization level")
    );
}

TEST(Rights, ThatReachOnlySomeRowsAreNotEnough) {
    for (const char* depth : {"Basic", "Local", "Deep", "RecordFilter"}) {
        const Json some = Json::array({held(kReadId, "Global"), held(kWriteId, depth)});
        const Json checks = check_rights(kNeeded, definitions(), some);
        ASSERT_THAT(checks, SizeIs(1)) << depth;
        EXPECT_THAT(message(checks[0]), HasSubstr("reaches only some rows")) << depth;
    }
}

TEST(Rights, OfSeveralRolesAddUp) {
    const Json both =
        Json::array({held(kWriteId, "Basic"), held(kReadId, "Global"), held(kWriteId, "Global")});
    EXPECT_TRUE(check_rights(kNeeded, definitions(), both)[0]["ok"]);
}

TEST(Rights, OnOwnRowsAreEnoughForCallbacks) {
    const TableRights own{"opportunity", {"Write"}, Reach::kOwnRows};
    const Json basic = Json::array({held(kWriteId, "Basic")});
    EXPECT_TRUE(check_rights(own, definitions(), basic)[0]["ok"]);
    EXPECT_FALSE(check_rights(own, definitions(), Json::array())[0]["ok"]);
}

TEST(Rights, OnATableThatIsNotThereSayHowToGetIt) {
    const TableRights leads{"lead", {"Read"}, Reach::kOrganization};
    const Json checks = check_rights(leads, definitions(), Json::array());
    ASSERT_THAT(checks, SizeIs(1));
    EXPECT_FALSE(checks[0]["ok"]);
    EXPECT_THAT(message(checks[0]), HasSubstr("no table 'lead'"));
    EXPECT_THAT(message(checks[0]), HasSubstr("Dynamics 365 Sales"));
}

TEST(Rights, AreThoseOfTheTablesThatTheConnectionNames) {
    const auto needed =
        needed_rights({{"tested_tables", {"contoso_visit", "callbackregistration"}}});
    ASSERT_THAT(needed, SizeIs(2));
    EXPECT_THAT(needed[0].rights, ElementsAre("Create", "Read", "Write", "Append", "AppendTo"));
    EXPECT_EQ(needed[1].least, Reach::kOwnRows);
    EXPECT_EQ(needed_rights({{"tested_tables", Json::array()}}).front().table, "opportunity");
}

}  // namespace
}  // namespace tideway::connectors::dataverse
