#include "tests/connectors/salesforce/sandbox_fixture.h"

namespace tideway::connectors::salesforce {
namespace {

class SalesforceRest : public SandboxTest {
  protected:
    Json record(const std::string& object, const std::string& id) {
        const http::Response response = api("GET", "sobjects/" + object + "/" + id);
        EXPECT_EQ(response.status, 200) << response.body;
        return body_of(response);
    }

    std::string code(const std::string& method, const std::string& path, const Json& body = {}) {
        return code_of(api(method, path, body));
    }

    Json batch(const char* method, const std::string& path, const Json& records, bool all = false) {
        const http::Response response =
            api(method, path, {{"allOrNone", all}, {"records", records}});
        EXPECT_EQ(response.status, 200) << response.body;
        return body_of(response);
    }
};

TEST_F(SalesforceRest, ARecordIsCreatedReadChangedAndDeleted) {
    const std::string id = create("Opportunity", opportunity("Northwind"));
    EXPECT_EQ(id.size(), 18U);
    EXPECT_EQ(id.substr(0, 3), "006");
    Json row = record("Opportunity", id.substr(0, 15));
    EXPECT_EQ(row["Id"], id);
    EXPECT_EQ(row["CreatedDate"], "2026-02-02T02:40:00.000+0000");
    EXPECT_EQ(row["IsClosed"], false);
    clock.advance(std::chrono::seconds(5));
    ASSERT_EQ(
        api("PATCH", "sobjects/Opportunity/" + id, {{"StageName", "Closed Won"}}).status, 204
    );
    row = record("Opportunity", id);
    EXPECT_EQ(row["IsWon"], true);
    EXPECT_EQ(row["SystemModstamp"], "2026-02-02T02:40:05.000+0000");
    ASSERT_EQ(api("DELETE", "sobjects/Opportunity/" + id).status, 204);
    EXPECT_EQ(code("GET", "sobjects/Opportunity/" + id), "ENTITY_IS_DELETED");
    EXPECT_EQ(code("DELETE", "sobjects/Opportunity/" + id), "ENTITY_IS_DELETED");
    EXPECT_EQ(code("GET", "sobjects/Opportunity/006Tw00000zzzzz"), "NOT_FOUND");
}

TEST_F(SalesforceRest, WhatCannotBeSavedIsRefusedAsSalesforceDoes) {
    const std::string opportunities = "sobjects/Opportunity";
    EXPECT_EQ(code("POST", opportunities, {{"Name", "x"}}), "REQUIRED_FIELD_MISSING");
    Json bad = opportunity("x");
    bad["Nope__c"] = 1;
    EXPECT_EQ(code("POST", opportunities, bad), "INVALID_FIELD");
    bad = opportunity(std::string(121, 'x'));
    EXPECT_EQ(code("POST", opportunities, bad), "STRING_TOO_LONG");
    bad = opportunity("x");
    bad["IsWon"] = true;
    EXPECT_EQ(code("POST", opportunities, bad), "INVALID_FIELD_FOR_INSERT_UPDATE");
    bad = opportunity("x");
    bad["Amount"] = "much";
    EXPECT_EQ(code("POST", opportunities, bad), "JSON_PARSER_ERROR");
    bad = opportunity("x");
    bad["AccountId"] = "001Tw00000zzzzz";
    EXPECT_EQ(code("POST", opportunities, bad), "INVALID_CROSS_REFERENCE_KEY");
    bad["AccountId"] = "none";
    EXPECT_EQ(code("POST", opportunities, bad), "MALFORMED_ID");
    EXPECT_EQ(
        code("POST", "sobjects/Lead", {{"LastName", "a"}, {"Company", "b"}, {"Status", "Odd"}}),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    );
    EXPECT_EQ(code("POST", "sobjects/Opportunities", {{"Name", "x"}}), "NOT_FOUND");
    EXPECT_EQ(code("PUT", opportunities, {{"Name", "x"}}), "METHOD_NOT_ALLOWED");
}

TEST_F(SalesforceRest, AnExternalIdNamesOneRecordHoweverOftenItIsUpserted) {
    const std::string path = "sobjects/Opportunity/Referral_Identifier__c/r%2D1";
    http::Response response = api("PATCH", path, opportunity("Northwind"));
    EXPECT_EQ(response.status, 201);
    const std::string id = string_or(body_of(response), "id");
    response = api("PATCH", path, {{"Amount", 7}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(
        body_of(response),
        (Json{{"id", id}, {"success", true}, {"errors", Json::array()}, {"created", false}})
    );
    EXPECT_EQ(body_of(api("GET", path + "?fields=Amount"))["Amount"], 7);
    Json twin = opportunity("Twin");
    twin["Referral_Identifier__c"] = "R-1";
    EXPECT_EQ(code("POST", "sobjects/Opportunity", twin), "DUPLICATE_VALUE");
    EXPECT_EQ(code("GET", "sobjects/Opportunity/Referral_Identifier__c/r-2"), "NOT_FOUND");
    EXPECT_EQ(code("PATCH", "sobjects/Opportunity/NextStep/x", {{"Amount", 7}}), "NOT_FOUND");
}

TEST_F(SalesforceRest, AnAmbiguousExternalIdIsAnsweredWithTheCandidates) {
    create("Account", {{"Name", "A"}, {"Legacy_Number__c", "7"}});
    create("Account", {{"Name", "B"}, {"Legacy_Number__c", "7"}});
    const http::Response response =
        api("PATCH", "sobjects/Account/Legacy_Number__c/7", {{"Phone", "1"}});
    EXPECT_EQ(response.status, 300);
    EXPECT_EQ(body_of(response).size(), 2U);
    EXPECT_EQ(
        error_of(crm.start(
                     "get_record_by_external_id",
                     {{"object", "Account"}, {"field", "Legacy_Number__c"}, {"value", "7"}}
                 )
        ).code,
        "AmbiguousExternalId"
    );
}

TEST_F(SalesforceRest, AParentIsNamedByItsExternalId) {
    create("Account", {{"Name", "Keyed"}, {"Customer_Number__c", "C-1"}});
    Json deal = opportunity("Linked");
    deal["Account"] = {{"Customer_Number__c", "C-1"}};
    const std::string id = create("Opportunity", deal);
    EXPECT_EQ(names("SELECT Name FROM Opportunity WHERE Account.Name = 'Keyed'"), Json({"Linked"}));
    deal["Account"] = {{"Customer_Number__c", "C-2"}};
    EXPECT_EQ(code("POST", "sobjects/Opportunity", deal), "INVALID_FIELD");
}

TEST_F(SalesforceRest, ARecordThatHasChangedSinceIsNotOverwritten) {
    const std::string id = create("Account", {{"Name", "Fabrikam"}});
    const std::string path = "sobjects/Account/" + id;
    const http::Headers before = {{"If-Unmodified-Since", "Mon, 02 Feb 2026 02:40:00 GMT"}};
    EXPECT_EQ(api("PATCH", path, {{"Phone", "1"}}, before).status, 204);
    clock.advance(std::chrono::seconds(2));
    EXPECT_EQ(api("PATCH", path, {{"Phone", "2"}}).status, 204);
    EXPECT_EQ(api("PATCH", path, {{"Phone", "3"}}, before).status, 412);
    EXPECT_EQ(record("Account", id)["Phone"], "2");
    EXPECT_EQ(
        api("GET", path, {}, {{"If-Modified-Since", "Mon, 02 Feb 2026 03:00:00 GMT"}}).status, 304
    );
}

TEST_F(SalesforceRest, FeedsTellWhatWasSavedAndDeletedInWholeMinutes) {
    const std::string kept = create("Lead", {{"LastName", "A"}, {"Company", "X"}});
    const std::string gone = create("Lead", {{"LastName", "B"}, {"Company", "X"}});
    clock.advance(std::chrono::seconds(70));
    api("DELETE", "sobjects/Lead/" + gone);
    clock.advance(std::chrono::seconds(100));
    const std::string span =
        "?start=2026-02-02T02%3A40%3A30%2B00%3A00&end=2026-02-02T02%3A42%3A50%2B00%3A00";
    const Json updated = body_of(api("GET", "sobjects/Lead/updated/" + span));
    EXPECT_EQ(updated["ids"], Json({kept}));
    EXPECT_EQ(updated["latestDateCovered"], "2026-02-02T02:42:00.000+0000");
    const Json deleted = body_of(api("GET", "sobjects/Lead/deleted" + span));
    ASSERT_EQ(deleted["deletedRecords"].size(), 1U);
    EXPECT_EQ(deleted["deletedRecords"][0]["id"], gone);
    EXPECT_EQ(
        code(
            "GET",
            "sobjects/Lead/updated?start=2026-02-02T02%3A40%3A00Z&end=2026-02-02T02%3A40%3A59Z"
        ),
        "INVALID_REPLICATION_DATE"
    );
    EXPECT_EQ(
        code(
            "GET",
            "sobjects/Lead/updated?start=2025-12-02T02%3A40%3A00Z&end=2026-02-02T02%3A40%3A59Z"
        ),
        "INVALID_REPLICATION_DATE"
    );
}

TEST_F(SalesforceRest, ADescriptionSaysWhatThisUserMayDo) {
    control("rights", {{"name", Sandbox::kIntegrationUser}, {"deny", {"Edit Opportunity"}}});
    const Json described = body_of(api("GET", "sobjects/Opportunity/describe"));
    EXPECT_EQ(described["createable"], true);
    EXPECT_EQ(described["updateable"], false);
    const auto field = [&](const char* name) {
        for (const Json& each : described["fields"]) {
            if (each["name"] == name) {
                return each;
            }
        }
        return Json();
    };
    EXPECT_EQ(field("Referral_Identifier__c")["externalId"], true);
    EXPECT_EQ(field("Name")["nillable"], false);
    EXPECT_EQ(field("Name")["length"], 120);
    EXPECT_EQ(field("StageName")["picklistValues"].size(), 9U);
    EXPECT_EQ(field("AccountId")["referenceTo"], Json({"Account"}));
    const std::string id = create("Opportunity", opportunity("Mine"));
    EXPECT_EQ(code("PATCH", "sobjects/Opportunity/" + id, {{"Name", "x"}}), "INSUFFICIENT_ACCESS");
}

TEST_F(SalesforceRest, ACollectionHasAResultForEachRecord) {
    const Json records = {
        {{"attributes", {{"type", "Account"}}}, {"Name", "A"}},
        {{"attributes", {{"type", "Account"}}}}};
    Json results = batch("POST", "composite/sobjects", records);
    EXPECT_EQ(results[0]["success"], true);
    EXPECT_EQ(results[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    EXPECT_EQ(names("SELECT Name FROM Account WHERE Name = 'A'").size(), 1U);
    results = batch("POST", "composite/sobjects", records, true);
    EXPECT_EQ(results[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    EXPECT_EQ(names("SELECT Name FROM Account WHERE Name = 'A'").size(), 1U);
    results = batch(
        "PATCH",
        "composite/sobjects/Account/Customer_Number__c",
        {{{"attributes", {{"type", "Account"}}}, {"Customer_Number__c", "9"}, {"Name", "Nine"}}}
    );
    EXPECT_EQ(results[0]["created"], true);
    const std::string id = results[0]["id"];
    const Json read =
        body_of(api("POST", "composite/sobjects/Account", {{"ids", {id}}, {"fields", {"Name"}}}));
    EXPECT_EQ(read[0]["Name"], "Nine");
    const Json removed = body_of(api("DELETE", "composite/sobjects?ids=" + id + "&allOrNone=true"));
    EXPECT_EQ(removed[0]["success"], true);
}

TEST_F(SalesforceRest, ACompositeRequestUsesEarlierResultsAndUndoesAll) {
    const std::string root = "/services/data/v62.0/sobjects/";
    Json requests = {
        {{"method", "POST"},
         {"url", root + "Account"},
         {"referenceId", "customer"},
         {"body", {{"Name", "Composite"}}}},
        {{"method", "POST"},
         {"url", root + "Contact"},
         {"referenceId", "person"},
         {"body", {{"LastName", "Li"}, {"AccountId", "@{customer.id}"}}}}};
    Json answer =
        body_of(api("POST", "composite", {{"allOrNone", true}, {"compositeRequest", requests}})
        )["compositeResponse"];
    EXPECT_EQ(answer[1]["httpStatusCode"], 201) << answer.dump();
    EXPECT_EQ(names("SELECT Name FROM Contact WHERE Account.Name = 'Composite'"), Json({"Li"}));
    requests[0]["body"]["Name"] = "Undone";
    requests[1]["body"].erase("LastName");
    answer = body_of(api("POST", "composite", {{"allOrNone", true}, {"compositeRequest", requests}})
    )["compositeResponse"];
    EXPECT_EQ(answer[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    EXPECT_EQ(answer[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    EXPECT_EQ(names("SELECT Name FROM Account WHERE Name = 'Undone'"), Json::array());
}

TEST_F(SalesforceRest, EveryAnswerCountsRequestsUntilTheDayIsUsedUp) {
    control("limits", {{"max", 3}, {"used", 1}});
    EXPECT_EQ(api("GET", "sobjects").headers.get_or("Sforce-Limit-Info", ""), "api-usage=2/3");
    EXPECT_EQ(body_of(api("GET", "limits"))["DailyApiRequests"]["Remaining"], 0);
    const http::Response refused = api("GET", "sobjects");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(code_of(refused), "REQUEST_LIMIT_EXCEEDED");
}

TEST_F(SalesforceRest, AVersionThatIsGoneOrUnknownIsNotServed) {
    EXPECT_EQ(send("GET", "/services/data/v20.0/sobjects").status, 410);
    EXPECT_EQ(send("GET", "/services/data/v99.0/sobjects").status, 404);
    EXPECT_GT(body_of(send("GET", "/services/data")).size(), 30U);
}

TEST_F(SalesforceRest, WritesAreLoggedWithWhoseTheyWere) {
    as_seller("POST", "sobjects/Account", {{"Name", "By hand"}});
    http::Headers marked = {{"Sforce-Call-Options", "client=Tideway"}};
    ASSERT_EQ(api("POST", "sobjects/Account", {{"Name", "By flow"}}, marked).status, 201);
    const Json writes = body_of(send("GET", "/sandbox/writes"))["value"];
    ASSERT_EQ(writes.size(), 2U);
    EXPECT_EQ(writes[0]["user"], Sandbox::kSeller);
    EXPECT_EQ(writes[1]["client"], "Tideway");
    EXPECT_EQ(writes[1]["fields"], (Json{{"Name", "By flow"}}));
}

}  // namespace
}  // namespace tideway::connectors::salesforce
