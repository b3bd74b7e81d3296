#include "tests/connectors/salesforce/sandbox_fixture.h"

namespace tideway::connectors::salesforce {
namespace {

class SalesforceQueries : public SandboxTest {
  protected:
    SalesforceQueries() {
        Json deal = opportunity("Northwind telemetry");
        deal["Amount"] = 42'000;
        deal["Referral_Identifier__c"] = "r-1";
        create("Opportunity", deal);
        deal = opportunity("O'Hara's boats");
        deal["CloseDate"] = "2026-06-30";
        deal["Amount"] = 900.5;
        create("Opportunity", deal);
        deal = opportunity("50% done_deal");
        deal["StageName"] = "Closed Won";
        deal["CloseDate"] = "2025-12-31";
        create("Opportunity", deal);
    }

    std::string code(const std::string& soql) { return code_of(query_answer(soql)); }
};

TEST_F(SalesforceQueries, ComparisonsOfEveryTypeFindTheirRecords) {
    const std::string base = "SELECT Name FROM Opportunity WHERE ";
    const std::string by_name = " ORDER BY Name";
    const Json northwind = {"Northwind telemetry"};
    const Json ohara = {"O'Hara's boats"};
    EXPECT_EQ(names(base + "Name = 'northwind TELEMETRY'"), northwind);
    EXPECT_EQ(names(base + "name = 'O\\'Hara\\'s boats'"), ohara);
    EXPECT_EQ(names(base + "Amount > 1000"), northwind);
    EXPECT_EQ(names(base + "Amount <= 900.5"), ohara);
    EXPECT_EQ(names(base + "CloseDate >= 2026-04-01"), ohara);
    EXPECT_EQ(names(base + "IsWon = TRUE"), Json({"50% done_deal"}));
    EXPECT_EQ(names(base + "Amount = null"), Json({"50% done_deal"}));
    EXPECT_EQ(names(base + "Referral_Identifier__c != null"), northwind);
    EXPECT_EQ(names(base + "StageName IN ('Closed Won','Closed Lost')"), Json({"50% done_deal"}));
    EXPECT_EQ(names(base + "StageName NOT IN ('Prospecting')"), Json({"50% done_deal"}));
    EXPECT_EQ(names(base + "CreatedDate > 2020-01-01T00:00:00Z" + by_name).size(), 3U);
    EXPECT_EQ(names(base + "CreatedDate > 2126-01-01T00:00:00+01:00"), Json::array());
}

TEST_F(SalesforceQueries, LikeKnowsWildCardsAndTheirEscapes) {
    const std::string base = "SELECT Name FROM Opportunity WHERE Name LIKE ";
    EXPECT_EQ(names(base + "'%tele%'"), Json({"Northwind telemetry"}));
    EXPECT_EQ(names(base + "'O_Hara%'"), Json({"O'Hara's boats"}));
    EXPECT_EQ(names(base + "'50\\% done\\_deal'"), Json({"50% done_deal"}));
    EXPECT_EQ(names(base + "'50\\%'"), Json::array());
}

TEST_F(SalesforceQueries, ConditionsAreJoinedWithParenthesesWhereTheyDiffer) {
    const std::string base = "SELECT Name FROM Opportunity WHERE ";
    EXPECT_EQ(
        names(base + "(Amount > 1000 OR IsWon = true) AND NOT Name LIKE '50%'"),
        Json({"Northwind telemetry"})
    );
    EXPECT_EQ(code(base + "Amount > 1000 OR IsWon = true AND Amount = null"), "MALFORMED_QUERY");
}

TEST_F(SalesforceQueries, RecordsComeInOrderAndInPart) {
    const std::string base = "SELECT Name FROM Opportunity ORDER BY ";
    EXPECT_EQ(
        names(base + "Amount"), Json({"50% done_deal", "O'Hara's boats", "Northwind telemetry"})
    );
    EXPECT_EQ(
        names(base + "Amount DESC NULLS LAST LIMIT 2"),
        Json({"Northwind telemetry", "O'Hara's boats"})
    );
    EXPECT_EQ(
        names(base + "StageName DESC, CloseDate DESC LIMIT 1 OFFSET 1"),
        Json({"Northwind telemetry"})
    );
}

TEST_F(SalesforceQueries, ParentsAreReadAndComparedThroughTheirRelationship) {
    Json contact = body_of(query_answer(
        "SELECT Id, Account.Name, Account.Owner.Email FROM Contact WHERE Account.Name LIKE "
        "'Northwind%'"
    ));
    ASSERT_EQ(contact["totalSize"], 1);
    const Json& record = contact["records"][0];
    EXPECT_EQ(record["Account"]["Name"], "Northwind Traders");
    EXPECT_EQ(record["Account"]["attributes"]["type"], "Account");
    EXPECT_EQ(record["Account"]["Owner"]["Email"], Sandbox::kIntegrationUser);
    const Json orphan =
        body_of(query_answer("SELECT Account.Name FROM Opportunity WHERE Name LIKE 'O%'"));
    EXPECT_TRUE(orphan["records"][0]["Account"].is_null());
}

TEST_F(SalesforceQueries, CountAndGroupsOfFieldsAreAnswered) {
    const Json count = body_of(query_answer("SELECT COUNT() FROM Opportunity WHERE Amount > 0"));
    EXPECT_EQ(count["totalSize"], 2);
    EXPECT_TRUE(count["records"].empty());
    const Json all = body_of(query_answer("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1"));
    EXPECT_TRUE(all["records"][0].contains("Audit__c"));
    EXPECT_EQ(code("SELECT FIELDS(ALL) FROM Opportunity"), "MALFORMED_QUERY");
    const Json standard = body_of(query_answer("SELECT FIELDS(STANDARD) FROM Opportunity"));
    EXPECT_FALSE(standard["records"][0].contains("Audit__c"));
}

TEST_F(SalesforceQueries, MistakesAreNamedAsSalesforceNamesThem) {
    EXPECT_EQ(code("SELECT Nome FROM Opportunity"), "INVALID_FIELD");
    EXPECT_EQ(code("SELECT Name FROM Opportunities"), "INVALID_TYPE");
    EXPECT_EQ(code("SELECT Name FROM Opportunity WHERE"), "MALFORMED_QUERY");
    EXPECT_EQ(code("SELECT Name FROM Opportunity WHERE Name = 'open"), "MALFORMED_QUERY");
    EXPECT_EQ(code("SELECT Name FROM Opportunity WHERE Name = 'a \\ b'"), "MALFORMED_QUERY");
    EXPECT_EQ(code("SELECT Name FROM Opportunity; DELETE"), "MALFORMED_QUERY");
    EXPECT_EQ(code("SELECT Name FROM Opportunity WHERE CloseDate = '2026-03-31'"), "INVALID_FIELD");
    EXPECT_EQ(code("SELECT Name FROM Opportunity WHERE Audit__c = 'x'"), "INVALID_FIELD");
    EXPECT_EQ(code("SELECT Nobody.Name FROM Opportunity"), "INVALID_FIELD");
    EXPECT_EQ(
        code(std::string("SELECT Name FROM Opportunity WHERE ") + std::string(200, '(')),
        "MALFORMED_QUERY"
    );
}

TEST_F(SalesforceQueries, LongAnswersComeInPagesWithALocator) {
    for (int i = 0; i < 450; ++i) {
        create("Account", {{"Name", "Customer " + std::to_string(i)}});
    }
    Json page = body_of(api(
        "GET",
        "query?q=" + http::encode_component("SELECT Id FROM Account WHERE Name LIKE 'Customer%'"),
        {},
        {{"Sforce-Query-Options", "batchSize=200"}}
    ));
    EXPECT_EQ(page["totalSize"], 450);
    EXPECT_EQ(page["done"], false);
    std::size_t seen = page["records"].size();
    const std::string root = "/services/data/v62.0/";
    while (!page["done"].get<bool>()) {
        page = body_of(api("GET", page["nextRecordsUrl"].get<std::string>().substr(root.size())));
        seen += page["records"].size();
    }
    EXPECT_EQ(seen, 450U);
    EXPECT_EQ(code_of(api("GET", "query/01gTw999-200")), "INVALID_QUERY_LOCATOR");
}

TEST_F(SalesforceQueries, DeletedRecordsAreShownOnlyToQueryAll) {
    const std::string id = create("Account", {{"Name", "Gone"}});
    ASSERT_EQ(api("DELETE", "sobjects/Account/" + id).status, 204);
    const std::string soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'Gone'";
    EXPECT_EQ(body_of(query_answer(soql))["totalSize"], 0);
    const Json all = body_of(query_answer(soql, "queryAll"));
    EXPECT_EQ(all["totalSize"], 1);
    EXPECT_EQ(all["records"][0]["IsDeleted"], true);
}

}  // namespace
}  // namespace tideway::connectors::salesforce
