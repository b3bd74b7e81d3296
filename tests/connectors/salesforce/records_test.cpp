// Operations on single records, request by request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/salesforce/salesforce_connector.h"
#include "engine/http/url.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::salesforce {
namespace {

using model::AttemptClass;
using test::answer;
using test::Conversation;
using ::testing::HasSubstr;

constexpr const char* kApi = "https://contoso.my.salesforce.com/services/data/v62.0";
constexpr const char* kId = "006Tw0000000001IAA";

std::string refusal(const std::string& code, const std::string& message = "No.") {
    return Json::array({{{"errorCode", code}, {"message", message}}}).dump();
}

std::string found(const Json& records) {
    return Json{{"totalSize", records.size()}, {"done", true}, {"records", records}}.dump();
}

class SalesforceRecords : public ::testing::Test {
  protected:
    test::ConnectorUnderTest crm_{
        "salesforce",
        make_connector(),
        {{"base_url", "https://contoso.my.salesforce.com/"}, {"client_name", "Tideway-test"}}};

    static std::string line(const Conversation& talk) {
        return http::decode_component(talk.line());
    }

    static Json update_input() {
        return {
            {"object", "Opportunity"},
            {"id", kId},
            {"changes", {{"Amount", 42'000}, {"AccountId", "001Tw0000000002"}}}};
    }

    static Json held(const std::string& modified) {
        return {
            {"attributes", {{"type", "Opportunity"}}},
            {"Id", kId},
            {"Amount", 42'000.0},
            {"AccountId", "001Tw0000000002IAA"},
            {"LastModifiedDate", modified}};
    }

    static Json upsert_input() {
        return {
            {"object", "Opportunity"},
            {"field", "Referral_Identifier__c"},
            {"value", "r/1 #2"},
            {"record", {{"Name", "Northwind"}, {"Referral_Identifier__c", "r/1 #2"}}}};
    }
};

TEST_F(SalesforceRecords, ReadsARecordAsAFlatObject) {
    Conversation talk = crm_.start(
        "get_record", {{"object", "Opportunity"}, {"id", kId}, {"select", {"Name", "Amount"}}}
    );
    EXPECT_EQ(
        line(talk),
        std::string("GET ") + kApi + "/sobjects/Opportunity/" + kId + "?fields=Name,Amount"
    );
    EXPECT_FALSE(talk.send().is_effect);
    EXPECT_EQ(talk.header("Sforce-Call-Options"), "(absent)");
    talk.hears(answer(
        200,
        Json{{"attributes", {{"type", "Opportunity"}}}, {"Id", kId}, {"Name", "Northwind"}}.dump()
    ));
    const Json expected = {
        {"Id", kId}, {"id", kId}, {"object", "Opportunity"}, {"Name", "Northwind"}};
    EXPECT_EQ(talk.output(), expected);
}

TEST_F(SalesforceRecords, NamesAndIdsThatCouldChangeTheAddressAreRefused) {
    const auto code = [&](const char* operation, Json input) {
        return crm_.start(operation, std::move(input)).error().code;
    };
    EXPECT_EQ(code("get_record", {{"object", "Opportunity"}, {"id", "../x"}}), "InvalidRecordId");
    EXPECT_EQ(code("get_record", {{"object", "a/b"}, {"id", kId}}), "InvalidObject");
    Json by_field = upsert_input();
    by_field["field"] = "Id/..";
    EXPECT_EQ(code("upsert_record", by_field), "InvalidField");
    by_field = upsert_input();
    by_field["value"] = "";
    Json stale = update_input();
    stale["unmodified_since"] = "yesterday";
    EXPECT_EQ(code("update_record", stale), "InvalidTime");
    EXPECT_EQ(code("upsert_record", by_field), "InvalidExternalId");
}

TEST_F(SalesforceRecords, AWriteCarriesTheNameByWhichChangeEventsTellItsOrigin) {
    Conversation talk = crm_.start("update_record", update_input());
    EXPECT_EQ(talk.line(), std::string("PATCH ") + kApi + "/sobjects/Opportunity/" + kId);
    EXPECT_TRUE(talk.send().is_effect);
    EXPECT_EQ(talk.header("Sforce-Call-Options"), "client=Tideway-test");
    EXPECT_EQ(talk.header("If-Unmodified-Since"), "(absent)");
    EXPECT_EQ(talk.sent_body(), update_input()["changes"]);
    talk.hears(answer(204));
    EXPECT_EQ(talk.output(), (Json{{"id", kId}, {"object", "Opportunity"}}));
    EXPECT_EQ(talk.done().record.id, kId);
}

TEST_F(SalesforceRecords, AnUpdateOfWhatWasReadSaysSinceWhen) {
    Json input = update_input();
    input["unmodified_since"] = "2026-02-03T09:00:00.000+0000";
    Conversation talk = crm_.start("update_record", input);
    EXPECT_EQ(talk.header("If-Unmodified-Since"), "Tue, 03 Feb 2026 09:00:00 GMT");
    talk.hears(answer(412, refusal("PRECONDITION_FAILED")));
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(SalesforceRecords, ARepeatedUpdateThatTookPlaceIsNotSentAgain) {
    Conversation talk = crm_.repeat("update_record", update_input());
    EXPECT_EQ(
        line(talk),
        std::string("GET ") + kApi +
            "/query?q=SELECT Id,LastModifiedDate,AccountId,Amount FROM Opportunity WHERE Id = '" +
            kId + "' LIMIT 2"
    );
    talk.hears(answer(200, found(Json::array({held("2026-02-03T10:00:05.000+0000")}))));
    EXPECT_EQ(talk.output()["id"], kId);
}

TEST_F(SalesforceRecords, ARepeatedUpdateOverwritesOnlyWhatNobodyTouched) {
    Json other = held("2026-02-03T09:59:00.000+0000");
    other["Amount"] = 1;
    Conversation talk = crm_.repeat("update_record", update_input());
    talk.hears(answer(200, found(Json::array({other}))));
    EXPECT_EQ(talk.request().method, "PATCH");
    EXPECT_EQ(talk.header("If-Unmodified-Since"), "Tue, 03 Feb 2026 09:59:00 GMT");
    other["LastModifiedDate"] = "2026-02-03T10:00:01.000+0000";
    Conversation touched = crm_.repeat("update_record", update_input());
    touched.hears(answer(200, found(Json::array({other}))));
    EXPECT_EQ(touched.error().code, "PreconditionFailed");
}

TEST_F(SalesforceRecords, TheProbeOfAnUpdateComparesWhatWasWritten) {
    Conversation holds = crm_.probe("update_record", update_input());
    holds.hears(answer(200, found(Json::array({held("2026-02-03T10:00:05.000+0000")}))));
    EXPECT_EQ(holds.output()["found"], true);
    EXPECT_EQ(holds.output()["output"]["id"], kId);
    Json other = held("2026-02-03T10:00:05.000+0000");
    other["Amount"] = 1;
    Conversation differs = crm_.probe("update_record", update_input());
    differs.hears(answer(200, found(Json::array({other}))));
    EXPECT_EQ(differs.output()["found"], false);
    Conversation gone = crm_.probe("update_record", update_input());
    gone.hears(answer(200, found(Json::array())));
    EXPECT_EQ(gone.output()["found"], false);
}

TEST_F(SalesforceRecords, AnUpsertIsAddressedByTheExternalId) {
    Conversation talk = crm_.start("upsert_record", upsert_input());
    EXPECT_EQ(
        talk.line(),
        std::string("PATCH ") + kApi + "/sobjects/Opportunity/Referral_Identifier__c/r%2F1%20%232"
    );
    EXPECT_EQ(talk.sent_body(), (Json{{"Name", "Northwind"}}));
    talk.hears(answer(201, Json{{"id", kId}, {"success", true}, {"created", true}}.dump()));
    EXPECT_EQ(talk.output(), (Json{{"id", kId}, {"object", "Opportunity"}, {"created", true}}));
}

TEST_F(SalesforceRecords, AnUpsertThatIsAnsweredWithNothingReadsTheId) {
    Conversation talk = crm_.start("upsert_record", upsert_input());
    talk.hears(answer(204));
    EXPECT_THAT(line(talk), HasSubstr("WHERE Referral_Identifier__c = 'r/1 #2'"));
    talk.hears(answer(200, found(Json::array({{{"Id", kId}, {"Name", "Northwind"}}}))));
    EXPECT_EQ(talk.output(), (Json{{"id", kId}, {"object", "Opportunity"}, {"created", false}}));
}

TEST_F(SalesforceRecords, ARepeatedUpsertOfNothingIsSent) {
    Conversation talk = crm_.repeat("upsert_record", upsert_input());
    talk.hears(answer(200, found(Json::array())));
    EXPECT_EQ(talk.request().method, "PATCH");
}

TEST_F(SalesforceRecords, SeveralRecordsWithOneExternalIdAreAConflict) {
    Conversation talk = crm_.start("upsert_record", upsert_input());
    talk.hears(answer(300, R"(["/services/data/v62.0/sobjects/Opportunity/006A"])"));
    EXPECT_EQ(talk.error().code, "AmbiguousExternalId");
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
}

TEST_F(SalesforceRecords, ACreateReturnsItsId) {
    Conversation talk = crm_.start(
        "create_record", {{"key", "k"}, {"object", "Lead"}, {"record", {{"LastName", "Li"}}}}
    );
    EXPECT_EQ(talk.line(), std::string("POST ") + kApi + "/sobjects/Lead");
    EXPECT_EQ(talk.sent_body(), (Json{{"LastName", "Li"}}));
    talk.hears(answer(201, Json{{"id", kId}, {"success", true}}.dump()));
    EXPECT_EQ(talk.output(), (Json{{"id", kId}, {"object", "Lead"}}));
}

TEST_F(SalesforceRecords, AnAnswerToACreateThatCannotBeReadIsADoubt) {
    Conversation talk =
        crm_.start("create_record", {{"object", "Lead"}, {"record", {{"LastName", "Li"}}}});
    talk.hears(answer(201, "<html>"));
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kInDoubt);
    Conversation broken =
        crm_.start("create_record", {{"object", "Lead"}, {"record", {{"LastName", "Li"}}}});
    broken.hears(answer(500, refusal("UNKNOWN_EXCEPTION")));
    EXPECT_EQ(broken.failed().attempt_class, AttemptClass::kInDoubt);
}

TEST_F(SalesforceRecords, TheProbeOfACreateLooksForWhatMatchNames) {
    const Json input = {
        {"object", "Opportunity"},
        {"record",
         {{"Name", "O'Hara"}, {"CloseDate", "2026-03-31"}, {"Amount", 5}, {"Audit__c", "..."}}},
        {"match", {"Name", "CloseDate", "Amount"}}};
    Conversation talk = crm_.probe("create_record", input);
    EXPECT_EQ(
        line(talk),
        std::string("GET ") + kApi +
            "/query?q=SELECT Id,Amount,CloseDate,Name FROM Opportunity WHERE CreatedDate >= "
            "2026-02-03T09:55:00Z AND Amount = 5 AND Name = 'O\\'Hara' ORDER BY CreatedDate LIMIT "
            "2000"
    );
    const Json ours = {
        {"Id", kId}, {"Name", "O'Hara"}, {"CloseDate", "2026-03-31"}, {"Amount", 5.0}};
    Json other = ours;
    other["CloseDate"] = "2027-03-31";
    talk.hears(answer(200, found(Json::array({ours, other}))));
    EXPECT_EQ(talk.output()["output"]["id"], kId);
    Conversation two = crm_.probe("create_record", input);
    two.hears(answer(200, found(Json::array({ours, ours}))));
    EXPECT_EQ(two.error().code, "SeveralMatch");
    Conversation none = crm_.probe("create_record", input);
    none.hears(answer(200, found(Json::array({other}))));
    EXPECT_EQ(none.output()["found"], false);
}

TEST_F(SalesforceRecords, WithoutMatchAPersonDecides) {
    Conversation talk =
        crm_.probe("create_record", {{"object", "Lead"}, {"record", {{"LastName", "Li"}}}});
    EXPECT_EQ(talk.error().code, "NothingToMatch");
}

TEST_F(SalesforceRecords, WhatIsGoneAlreadyIsDeletedWhenRepeated) {
    const Json input = {{"object", "Lead"}, {"id", "00QTw0000000001IAA"}};
    Conversation first = crm_.start("delete_record", input);
    first.hears(answer(404, refusal("ENTITY_IS_DELETED", "entity is deleted")));
    EXPECT_EQ(first.error().kind, ErrorKind::kNotFound);
    Conversation again = crm_.repeat("delete_record", input);
    again.hears(answer(404, refusal("ENTITY_IS_DELETED")));
    EXPECT_TRUE(again.output().is_null());
}

TEST_F(SalesforceRecords, RefusalsNameFieldsAndRemedy) {
    Conversation talk = crm_.start("update_record", update_input());
    talk.hears(answer(
        400,
        R"([{"errorCode":"REQUIRED_FIELD_MISSING","message":"Required fields are missing","fields":["StageName","Name"]}])"
    ));
    EXPECT_THAT(talk.error().message, HasSubstr("(StageName, Name)"));
    EXPECT_THAT(talk.error().remedy, HasSubstr("describe_object"));
    EXPECT_EQ(connector::service_code(talk.error()), "REQUIRED_FIELD_MISSING");
}

TEST_F(SalesforceRecords, ALockedRecordIsTriedAgainAndAUsedUpDayThrottles) {
    Conversation locked = crm_.start("update_record", update_input());
    locked.hears(answer(400, refusal("UNABLE_TO_LOCK_ROW")));
    EXPECT_EQ(locked.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(locked.failed().attempt_class, AttemptClass::kNotDone);
    Conversation used_up = crm_.start("update_record", update_input());
    used_up.hears(answer(403, refusal("REQUEST_LIMIT_EXCEEDED")));
    EXPECT_EQ(used_up.error().kind, ErrorKind::kThrottled);
    EXPECT_EQ(used_up.error().http_status, 429);
    EXPECT_EQ(used_up.failed().attempt_class, AttemptClass::kNotDone);
}

}  // namespace
}  // namespace tideway::connectors::salesforce
