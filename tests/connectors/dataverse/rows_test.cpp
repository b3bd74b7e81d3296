#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "connectors/dataverse/tables.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

using model::AttemptClass;
using test::answer;
using test::Conversation;

constexpr const char* kApi = "https://contoso.crm.dynamics.com/api/data/v9.2";
constexpr const char* kId = "6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10";
constexpr const char* kDerivedId = "00112233-4455-6677-8899-aabbccddeeff";
constexpr const char* kAccount = "11111111-2222-4333-8444-555555555555";
constexpr const char* kEtag = "W/\"1200\"";
constexpr const char* kDuplicate =
    R"({"error":{"code":"0x80040237","message":"A record with matching key values already exists."}})";

class DataverseRows : public ::testing::Test {
  protected:
    test::ConnectorUnderTest crm_{
        "dataverse", make_connector(), {{"base_url", "https://contoso.crm.dynamics.com/"}}};

    static std::string url(const std::string& rest) { return std::string(kApi) + "/" + rest; }

    static Json service_row(const std::string& id) {
        return {
            {"@odata.context",
             "https://contoso.crm.dynamics.com/api/data/v9.2/$metadata#x/$entity"},
            {"@odata.etag", kEtag},
            {"opportunityid", id},
            {"name", "Northwind telemetry"},
            {"estimatedvalue", 42000.0},
            {"estimatedclosedate", "2026-03-31"},
            {"description", "line 1\r\nline 2"},
            {"_parentaccountid_value", kAccount},
            {"modifiedon", "2026-02-03T09:00:00Z"}};
    }

    static Json create_input() {
        return {
            {"key", Json::array({"engagement", "e-1"})},
            {"table", "opportunity"},
            {"row",
             {{"name", "Northwind telemetry"},
              {"parentaccountid@odata.bind", std::string("/accounts(") + kAccount + ")"}}}};
    }

    static Json update_input() {
        return {
            {"table", "opportunity"},
            {"id", kId},
            {"etag", "W/\"1100\""},
            {"changes",
             {{"estimatedvalue", "42000.00"},
              {"description", "line 1\nline 2"},
              {"parentaccountid@odata.bind", std::string("/accounts(") + kAccount + ")"}}}};
    }
};

TEST_F(DataverseRows, ReadsARowAsAFlatObject) {
    Conversation talk = crm_.start(
        "get_row", {{"table", "opportunity"}, {"id", kId}, {"select", {"name", "estimatedvalue"}}}
    );
    EXPECT_EQ(
        talk.line(),
        "GET " + url(std::string("opportunities(") + kId + ")?$select=name%2Cestimatedvalue")
    );
    EXPECT_EQ(talk.send().audience, "dataverse");
    EXPECT_FALSE(talk.send().is_effect);
    EXPECT_EQ(talk.header("Accept"), "application/json");
    EXPECT_EQ(talk.header("OData-MaxVersion"), "4.0");
    EXPECT_EQ(talk.header("OData-Version"), "4.0");
    EXPECT_EQ(talk.header("If-None-Match"), "null");
    talk.hears(answer(200, service_row(kId).dump()));
    const Json row = talk.output();
    EXPECT_EQ(row["id"], kId);
    EXPECT_EQ(row["etag"], kEtag);
    EXPECT_EQ(row["table"], "opportunity");
    EXPECT_EQ(row["name"], "Northwind telemetry");
    EXPECT_FALSE(row.contains("@odata.context"));
    EXPECT_EQ(talk.done().record.object, "opportunity");
}

TEST_F(DataverseRows, IdsAndTablesThatCouldChangeTheAddressAreRefused) {
    EXPECT_EQ(
        crm_.start("get_row", {{"table", "opportunity"}, {"id", "1)/x"}}).error().code,
        "InvalidRowId"
    );
    EXPECT_EQ(
        crm_.start("get_row", {{"table", "../roles"}, {"id", kId}}).error().code, "InvalidTable"
    );
}

TEST_F(DataverseRows, CreatesUnderAnIdThatDerivesFromTheIdempotencyKey) {
    Conversation talk = crm_.start("create_row", create_input());
    EXPECT_EQ(talk.line(), "POST " + url("opportunities"));
    EXPECT_TRUE(talk.send().is_effect);
    EXPECT_EQ(talk.header("Prefer"), "return=representation");
    EXPECT_EQ(talk.header("Content-Type"), "application/json; charset=utf-8");
    Json expected = create_input()["row"];
    expected["opportunityid"] = kDerivedId;
    EXPECT_EQ(talk.sent_body(), expected);
    talk.hears(answer(201, service_row(kDerivedId).dump()));
    EXPECT_EQ(talk.output()["id"], kDerivedId);
}

TEST_F(DataverseRows, AnAnswerWithoutTheRowIsReadBack) {
    Conversation talk = crm_.start("create_row", create_input());
    talk.hears(answer(204));
    EXPECT_EQ(talk.line(), "GET " + url(std::string("opportunities(") + kDerivedId + ")"));
    EXPECT_FALSE(talk.send().is_effect);
    talk.hears(answer(200, service_row(kDerivedId).dump()));
    EXPECT_TRUE(talk.is_done());
}

TEST_F(DataverseRows, ACreateThatTookPlaceBeforeReturnsItsRow) {
    Conversation talk = crm_.repeat("create_row", create_input());
    talk.hears(answer(412, kDuplicate));
    EXPECT_EQ(talk.line(), "GET " + url(std::string("opportunities(") + kDerivedId + ")"));
    talk.hears(answer(200, service_row(kDerivedId).dump()));
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(talk.output()["id"], kDerivedId);
}

TEST_F(DataverseRows, AnAlternateKeyOfAnotherRowIsAConflictThatSaysSo) {
    Conversation talk = crm_.start("create_row", create_input());
    talk.hears(answer(412, kDuplicate));
    talk.hears(answer(404, R"({"error":{"code":"0x80040217","message":"Does Not Exist"}})"));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
    EXPECT_EQ(talk.error().message, "A record with matching key values already exists.");
    EXPECT_NE(talk.error().remedy.find("alternate key"), std::string::npos);
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(DataverseRows, ProbeOfACreateLooksForTheDerivedId) {
    Conversation found = crm_.probe("create_row", create_input());
    EXPECT_EQ(found.line(), "GET " + url(std::string("opportunities(") + kDerivedId + ")"));
    found.hears(answer(200, service_row(kDerivedId).dump()));
    EXPECT_TRUE(found.output()["found"]);
    EXPECT_EQ(found.output()["output"]["id"], kDerivedId);
    Conversation absent = crm_.probe("create_row", create_input());
    absent.hears(answer(404));
    EXPECT_FALSE(absent.output()["found"]);
    Conversation unknown = crm_.probe("create_row", create_input());
    unknown.hears(answer(503));
    EXPECT_TRUE(unknown.is_failed());
}

TEST_F(DataverseRows, UpdatesUnderTheVersionThatWasRead) {
    Conversation talk = crm_.start("update_row", update_input());
    EXPECT_EQ(talk.line(), "PATCH " + url(std::string("opportunities(") + kId + ")"));
    EXPECT_EQ(talk.header("If-Match"), "W/\"1100\"");
    EXPECT_EQ(talk.header("If-None-Match"), "(absent)");
    EXPECT_EQ(talk.sent_body(), update_input()["changes"]);
    talk.hears(answer(200, service_row(kId).dump()));
    EXPECT_EQ(talk.output()["etag"], kEtag);
}

TEST_F(DataverseRows, AnUpdateNeverCreatesARow) {
    Json input = update_input();
    input.erase("etag");
    Conversation talk = crm_.start("update_row", input);
    EXPECT_EQ(talk.header("If-Match"), "*");
    talk.hears(answer(404, R"({"error":{"code":"0x80040217","message":"Does Not Exist"}})"));
    EXPECT_EQ(talk.error().code, "NotFound");
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(DataverseRows, ARowThatChangedMeanwhileRefusesTheUpdate) {
    Conversation talk = crm_.start("update_row", update_input());
    talk.hears(
        answer(412, R"({"error":{"code":"0x80060882","message":"The version has changed."}})")
    );
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
}

TEST_F(DataverseRows, ARepeatedUpdateThatLandedBeforeIsDone) {
    Conversation talk = crm_.repeat("update_row", update_input());
    talk.hears(answer(412));
    EXPECT_EQ(talk.request().method, "GET");
    talk.hears(answer(200, service_row(kId).dump()));  // the same money, line ends and lookup
    EXPECT_TRUE(talk.is_done());
}

TEST_F(DataverseRows, ARepeatedUpdateThatDidNotLandKeepsItsRefusal) {
    Conversation talk = crm_.repeat("update_row", update_input());
    talk.hears(answer(412));
    Json other = service_row(kId);
    other["_parentaccountid_value"] = kId;
    talk.hears(answer(200, other.dump()));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
}

TEST_F(DataverseRows, ARepeatWithoutAVersionWritesOnlyOverAnUntouchedRow) {
    Json input = update_input();
    input.erase("etag");
    Json row = service_row(kId);
    row["estimatedvalue"] = 1;
    Conversation untouched = crm_.repeat("update_row", input);
    untouched.hears(answer(200, row.dump()));
    EXPECT_EQ(untouched.request().method, "PATCH");
    EXPECT_EQ(untouched.header("If-Match"), kEtag);

    row["modifiedon"] = "2026-02-03T10:00:30Z";
    Conversation touched = crm_.repeat("update_row", input);
    touched.hears(answer(200, row.dump()));
    ASSERT_TRUE(touched.is_failed());
    EXPECT_EQ(touched.error().kind, ErrorKind::kConflict);
}

TEST_F(DataverseRows, AServerErrorLeavesAnUpdateInDoubt) {
    Conversation talk = crm_.start("update_row", update_input());
    talk.hears(answer(503));
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kInDoubt);
}

TEST_F(DataverseRows, UpsertsByAlternateKeyWithoutACondition) {
    Conversation talk = crm_.start(
        "upsert_row",
        {{"table", "opportunity"},
         {"alternate_key", {{"msft_referralidentifier", "O'Hara"}}},
         {"row", {{"name", "x"}}}}
    );
    EXPECT_EQ(
        talk.line(), "PATCH " + url("opportunities(msft_referralidentifier=%27O%27%27Hara%27)")
    );
    EXPECT_EQ(talk.header("If-Match"), "(absent)");
    talk.hears(answer(201, service_row(kId).dump()));
    EXPECT_EQ(talk.output()["id"], kId);
}

TEST_F(DataverseRows, ARepeatedUpsertOfAnAbsentRowCreatesIt) {
    Conversation talk = crm_.repeat(
        "upsert_row", {{"table", "opportunity"}, {"id", kId}, {"row", {{"name", "x"}}}}
    );
    EXPECT_EQ(talk.request().method, "GET");
    talk.hears(answer(404));
    EXPECT_EQ(talk.request().method, "PATCH");
    EXPECT_EQ(talk.header("If-Match"), "(absent)");
}

TEST_F(DataverseRows, DeletesAndTakesAGoneRowAsDoneOnlyWhenRepeated) {
    const Json input = {{"table", "lead"}, {"id", kId}, {"etag", kEtag}};
    Conversation talk = crm_.start("delete_row", input);
    EXPECT_EQ(talk.line(), "DELETE " + url(std::string("leads(") + kId + ")"));
    EXPECT_EQ(talk.header("If-Match"), kEtag);
    talk.hears(answer(404));
    EXPECT_EQ(talk.error().code, "NotFound");
    Conversation again = crm_.repeat("delete_row", input);
    again.hears(answer(404));
    EXPECT_TRUE(again.is_done());
}

TEST_F(DataverseRows, LinksRowsAndTakesAnExistingLinkAsDone) {
    const Json input = {
        {"table", "account"},
        {"id", kAccount},
        {"relationship", "contact_customer_accounts"},
        {"target_table", "contact"},
        {"target_id", kId}};
    Conversation talk = crm_.start("associate_rows", input);
    EXPECT_EQ(
        talk.line(),
        "POST " + url(std::string("accounts(") + kAccount + ")/contact_customer_accounts/$ref")
    );
    EXPECT_EQ(talk.sent_body(), Json({{"@odata.id", url(std::string("contacts(") + kId + ")")}}));
    talk.hears(answer(412, kDuplicate));
    EXPECT_TRUE(talk.is_done());

    Conversation unlink = crm_.start("disassociate_rows", input);
    EXPECT_EQ(
        unlink.line(),
        "DELETE " + url(std::string("accounts(") + kAccount + ")/contact_customer_accounts(" + kId +
                        ")/$ref")
    );
    unlink.hears(answer(204));
    EXPECT_TRUE(unlink.is_done());
}

TEST_F(DataverseRows, WinsAnOpportunityByItsAction) {
    Conversation talk = crm_.start("win_opportunity", {{"id", kId}, {"subject", "Signed"}});
    EXPECT_EQ(talk.line(), "POST " + url("WinOpportunity"));
    EXPECT_EQ(
        talk.sent_body(),
        Json(
            {{"OpportunityClose",
              {{"subject", "Signed"},
               {"opportunityid@odata.bind", std::string("/opportunities(") + kId + ")"}}},
             {"Status", 3}}
        )
    );
    talk.hears(answer(204));
    EXPECT_EQ(
        talk.output(),
        Json({{"id", kId}, {"table", "opportunity"}, {"statecode", 1}, {"statuscode", 3}})
    );
}

TEST_F(DataverseRows, AnOpportunityThatIsClosedAsAskedAlreadyIsDone) {
    Conversation talk = crm_.start("lose_opportunity", {{"id", kId}, {"status", 5}});
    EXPECT_EQ(talk.sent_body()["Status"], 5);
    talk.hears(answer(400, R"({"error":{"code":"0x80040203","message":"Already closed"}})"));
    EXPECT_EQ(
        talk.line(),
        "GET " + url(std::string("opportunities(") + kId + ")?$select=statecode,statuscode")
    );
    talk.hears(answer(200, R"({"statecode":2,"statuscode":5})"));
    EXPECT_EQ(talk.output()["statuscode"], 5);

    Conversation won = crm_.start("lose_opportunity", {{"id", kId}});
    won.hears(answer(400, R"({"error":{"code":"0x80040203","message":"Already closed"}})"));
    won.hears(answer(200, R"({"statecode":1,"statuscode":3})"));
    EXPECT_EQ(won.error().message, "Already closed");
}

TEST_F(DataverseRows, ARepeatedCloseLooksBeforeItActs) {
    Conversation talk = crm_.repeat("win_opportunity", {{"id", kId}});
    EXPECT_EQ(talk.request().method, "GET");
    talk.hears(answer(200, R"({"statecode":0,"statuscode":1})"));
    EXPECT_EQ(talk.line(), "POST " + url("WinOpportunity"));

    Conversation probe = crm_.probe("win_opportunity", {{"id", kId}});
    probe.hears(answer(200, R"({"statecode":1,"statuscode":3})"));
    EXPECT_TRUE(probe.output()["found"]);
}

TEST_F(DataverseRows, PerformsBoundAndUnboundActions) {
    Conversation bound = crm_.start(
        "perform_action",
        {{"action", "QualifyLead"},
         {"table", "lead"},
         {"id", kId},
         {"parameters", {{"CreateOpportunity", true}}}}
    );
    EXPECT_EQ(
        bound.line(),
        "POST " + url(std::string("leads(") + kId + ")/Microsoft.Dynamics.CRM.QualifyLead")
    );
    EXPECT_EQ(bound.sent_body(), Json({{"CreateOpportunity", true}}));
    bound.hears(answer(200, R"({"@odata.context":"c","value":[]})"));
    EXPECT_EQ(bound.output(), Json({{"value", Json::array()}}));

    Conversation unbound = crm_.start("perform_action", {{"action", "PublishAllXml"}});
    EXPECT_EQ(unbound.line(), "POST " + url("PublishAllXml"));
    unbound.hears(answer(502));
    EXPECT_EQ(unbound.failed().attempt_class, AttemptClass::kInDoubt);
}

TEST_F(DataverseRows, RefusalsNameWhatIsMissing) {
    Conversation stranger = crm_.start("who_am_i", Json::object());
    EXPECT_EQ(stranger.line(), "GET " + url("WhoAmI"));
    stranger.hears(answer(
        403,
        R"({"error":{"code":"0x80072560","message":"The user is not a member of the organization."}})"
    ));
    EXPECT_EQ(stranger.error().code, "Forbidden");
    EXPECT_NE(stranger.error().remedy.find("Application users"), std::string::npos);
    EXPECT_NE(
        stranger.error().remedy.find("signing in to the environment once"), std::string::npos
    );

    Conversation poor = crm_.start("get_row", {{"table", "lead"}, {"id", kId}});
    poor.hears(answer(
        403,
        R"({"error":{"code":"0x80040220","message":"Principal user is missing prvReadLead privilege"}})"
    ));
    EXPECT_NE(poor.error().remedy.find("prvReadLead"), std::string::npos);
}

TEST_F(DataverseRows, ThrottlingNamesTheLimit) {
    Conversation talk = crm_.start("get_row", {{"table", "lead"}, {"id", kId}});
    talk.hears(answer(
        429,
        R"({"error":{"code":"0x80072326","message":"Number of concurrent requests exceeded"}})",
        {{"Retry-After", "12"}}
    ));
    EXPECT_EQ(talk.error().retry_after, std::chrono::seconds(12));
    EXPECT_NE(talk.error().remedy.find("52 requests at a time"), std::string::npos);
}

TEST(DataverseTables, EntitySetsFollowTheRuleForPlurals) {
    EXPECT_EQ(entity_set("opportunity"), "opportunities");
    EXPECT_EQ(entity_set("transactioncurrency"), "transactioncurrencies");
    EXPECT_EQ(entity_set("msft_microsoftsolution"), "msft_microsoftsolutions");
    EXPECT_EQ(entity_set("contoso_box"), "contoso_boxes");
    EXPECT_EQ(entity_set("contoso_key"), "contoso_keys");
    EXPECT_EQ(primary_key("opportunityclose"), "activityid");
    EXPECT_EQ(primary_key("contoso_box"), "contoso_boxid");
}

TEST(DataverseTables, PolymorphicLookupsAreComparedByTheirColumn) {
    const Json row = {{"_customerid_value", kAccount}, {"_parentaccountid_value", nullptr}};
    EXPECT_TRUE(row_holds(
        row,
        {{"customerid_account@odata.bind", std::string("/accounts(") + kAccount + ")"},
         {"parentaccountid@odata.bind", nullptr}}
    ));
    EXPECT_FALSE(
        row_holds(row, {{"customerid_account@odata.bind", std::string("/accounts(") + kId + ")"}})
    );
}

}  // namespace
}  // namespace tideway::connectors::dataverse
