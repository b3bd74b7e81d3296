#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::partner_center {
namespace {

using model::AttemptClass;
using test::answer;
using test::Conversation;

constexpr const char* kId = "0f9d0b7c-1111-4222-8333-444455556666";
constexpr const char* kUrl =
    "https://api.partner.microsoft.com/v1.0/engagements/referrals/"
    "0f9d0b7c-1111-4222-8333-444455556666";
constexpr const char* kList = "https://api.partner.microsoft.com/v1.0/engagements/referrals";
constexpr const char* kEtag = "\"4b00aa11-0000-0000-0000-5c70aa630000\"";

class PartnerCenterReferrals : public ::testing::Test {
  protected:
    test::ConnectorUnderTest pc_{
        "partner_center", make_connector(), {{"tenant", "contoso.example"}, {"client_id", "c"}}};

    static Json referral() {
        return {
            {"id", kId},
            {"eTag", kEtag},
            {"engagementId", "e-1"},
            {"externalReferenceId", "row-1"},
            {"status", "Active"},
            {"createdDateTime", "2026-02-03T10:00:01.1234567Z"},
            {"updatedDateTime", "2026-02-03T09:00:00Z"},
            {"target", Json::array({{{"type", "SolutionProfile"}, {"id", "SOL-1"}}})},
            {"details", {{"dealValue", 42000.0}, {"closingDateTime", "2026-03-31T00:00:00Z"}}}};
    }

    static Json page(Json referrals, Json more = Json::object()) {
        more["value"] = std::move(referrals);
        return more;
    }

    static Json create_input() {
        return {
            {"key", Json::array({"engagement", "e-1"})},
            {"referral",
             {{"name", "Northwind telemetry"},
              {"type", "Shared"},
              {"externalReferenceId", "ROW-1"},
              {"target", Json::array({{{"type", "SolutionProfile"}, {"id", "SOL-1"}}})}}}};
    }

    static Json patch_input() {
        return {
            {"id", kId},
            {"etag", kEtag},
            {"changes",
             {{"externalReferenceId", "row-1"},
              {"details/dealValue", "42000"},
              {"details/closingDateTime", "2026-03-31"}}}};
    }
};

TEST_F(PartnerCenterReferrals, GetsOneReferralWithTheHeadersOfTheService) {
    Conversation talk = pc_.start("get_referral", {{"id", kId}});
    EXPECT_EQ(talk.line(), std::string("GET ") + kUrl);
    EXPECT_EQ(talk.send().audience, "referrals");
    EXPECT_FALSE(talk.send().is_effect);
    EXPECT_EQ(talk.header("Accept"), "application/json");
    EXPECT_EQ(talk.header("Content-Type"), "application/json");
    EXPECT_EQ(talk.header("X-Caller-Id"), kCallerId);
    for (const char* name : {"client-request-id", "MS-CorrelationId", "MS-RequestId"}) {
        EXPECT_EQ(talk.header(name).size(), 36U) << name;
    }
    EXPECT_EQ(talk.header("Authorization"), "(absent)");
    talk.hears(answer(200, referral().dump()));
    EXPECT_EQ(talk.output(), referral());
    EXPECT_EQ(talk.done().record.version, kEtag);
}

TEST_F(PartnerCenterReferrals, RepeatOfAnEffectCarriesTheSameRequestId) {
    const Conversation first = pc_.start("create_referral", create_input());
    connector::Call later = pc_.call("create_referral", create_input());
    later.now += std::chrono::minutes(5);
    const Conversation second(pc_.connector().start(later));
    EXPECT_EQ(first.header("MS-RequestId"), second.header("MS-RequestId"));
    EXPECT_EQ(first.header("MS-CorrelationId"), second.header("MS-CorrelationId"));
    EXPECT_NE(first.header("client-request-id"), second.header("client-request-id"));
}

TEST_F(PartnerCenterReferrals, AnIdThatIsNoIdIsRefusedBeforeAnythingIsSent) {
    const Conversation talk = pc_.start("get_referral", {{"id", "../customers"}});
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "InvalidReferralId");
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(PartnerCenterReferrals, ListsPageAfterPageOfTheOwnCollection) {
    Conversation talk = pc_.start(
        "list_referrals", {{"filter", "engagementId eq 'e-1'"}, {"select", {"id", "name"}}}
    );
    EXPECT_EQ(
        talk.line(),
        std::string("GET ") + kList +
            "?$filter=engagementId%20eq%20%27e-1%27&$select=id%2Cname&$count=true"
    );
    const std::string next = std::string(kList) + "?$skiptoken=abc";
    talk.hears(
        answer(200, page({{{"id", "1"}}}, {{"@odata.nextLink", next}, {"@odata.count", 2}}).dump())
    );
    EXPECT_EQ(talk.line(), "GET " + next);
    talk.hears(answer(200, page({{{"id", "2"}}}).dump()));
    EXPECT_EQ(talk.output()["referrals"].size(), 2U);
    EXPECT_EQ(talk.output()["count"], 2);
}

TEST_F(PartnerCenterReferrals, AForeignNextLinkIsAskedForByItsSkipTokenOnly) {
    Conversation talk = pc_.start("list_referrals", {{"filter", "status eq 'New'"}});
    talk.hears(answer(
        200,
        page(
            {{{"id", "1"}}},
            {{"@odata.nextLink",
              "http://api.partner.microsoft.com/v1.0/referrals$filter=x&$skiptoken=a%2Bb"}}
        ).dump()
    ));
    EXPECT_EQ(
        talk.line(),
        std::string("GET ") + kList + "?$filter=status%20eq%20%27New%27&$skiptoken=a%2Bb"
    );
}

TEST_F(PartnerCenterReferrals, AnUnusableNextLinkIsAnErrorAndNotAShortList) {
    Conversation talk = pc_.start("list_referrals", Json::object());
    talk.hears(
        answer(200, page({{{"id", "1"}}}, {{"@odata.nextLink", "https://evil.example/x"}}).dump())
    );
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "UnusableNextLink");
}

TEST_F(PartnerCenterReferrals, StopsAtMaxItemsWithoutAnotherPage) {
    Conversation talk = pc_.start("list_referrals", {{"max_items", 1}});
    talk.hears(answer(
        200,
        page(
            {{{"id", "1"}}, {{"id", "2"}}},
            {{"@odata.nextLink", std::string(kList) + "?$skiptoken=abc"}}
        ).dump()
    ));
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(talk.output()["referrals"], Json::array({{{"id", "1"}}}));
}

TEST_F(PartnerCenterReferrals, CreatesWithoutSendingTheBusinessKey) {
    Conversation talk = pc_.start("create_referral", create_input());
    EXPECT_EQ(talk.line(), std::string("POST ") + kList);
    EXPECT_TRUE(talk.send().is_effect);
    EXPECT_EQ(talk.sent_body(), create_input()["referral"]);
    talk.hears(answer(201, referral().dump()));
    EXPECT_EQ(talk.output()["id"], kId);
    EXPECT_EQ(talk.done().record.id, kId);
}

TEST_F(PartnerCenterReferrals, ADefiniteRefusalOfACreateIsNotDoneAndShowsTheServicesWords) {
    Conversation talk = pc_.start("create_referral", create_input());
    talk.hears(
        answer(400, R"({"error":{"code":"invalidRequest","message":"Solution ID is required"}})")
    );
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
    EXPECT_EQ(talk.error().code, "BadRequest");
    EXPECT_EQ(talk.error().message, "Solution ID is required");
}

TEST_F(PartnerCenterReferrals, ABrokenAnswerToACreateLeavesItInDoubt) {
    for (const http::Response& broken : {answer(503), answer(200, "<html>"), answer(200, "{}")}) {
        Conversation talk = pc_.start("create_referral", create_input());
        talk.hears(broken);
        EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kInDoubt) << broken.status;
    }
}

TEST_F(PartnerCenterReferrals, ThrottlingSaysHowLongToWait) {
    Conversation talk = pc_.start("create_referral", create_input());
    talk.hears(answer(
        429,
        R"({"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."})",
        {{"Retry-After", "57"}}
    ));
    EXPECT_EQ(talk.error().code, "429");  // Power Automate has no name for it
    EXPECT_EQ(talk.error().retry_after, std::chrono::seconds(57));
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(PartnerCenterReferrals, AccessDeniedNamesTheRoleThatIsMissing) {
    Conversation talk = pc_.start("get_referral", {{"id", kId}});
    talk.hears(answer(403, R"({"error":{"code":"accessDenied","message":"Access denied"}})"));
    EXPECT_EQ(talk.error().code, "Forbidden");
    EXPECT_EQ(talk.error().message, "Access denied");
    EXPECT_NE(talk.error().remedy.find("Referrals admin"), std::string::npos);
    EXPECT_NE(talk.error().remedy.find("sign in to Partner Center once"), std::string::npos);
}

TEST_F(PartnerCenterReferrals, ProbeOfACreateFindsItByCrmIdAndTarget) {
    Conversation talk = pc_.probe("create_referral", create_input());
    EXPECT_EQ(talk.line(), std::string("GET ") + kList + "?$orderby=createdDateTime%20desc");
    Json other = referral();
    other["target"] = Json::array({{{"type", "BusinessProfileLocation"}, {"id", "msft"}}});
    talk.hears(answer(200, page({other, referral()}).dump()));
    EXPECT_TRUE(talk.output()["found"]);
    EXPECT_EQ(talk.output()["output"], referral());
}

TEST_F(PartnerCenterReferrals, ProbeOfACreateStopsTwoMinutesBeforeTheIntent) {
    Conversation talk = pc_.probe("create_referral", create_input());
    Json other = referral();
    other["externalReferenceId"] = "row-9";
    other["createdDateTime"] = "2026-02-03T09:58:30Z";
    const std::string next = std::string(kList) + "?$skiptoken=2";
    talk.hears(answer(200, page({other}, {{"@odata.nextLink", next}}).dump()));
    EXPECT_EQ(talk.line(), "GET " + next);  // within the skew: it goes on
    Json old = referral();
    old["createdDateTime"] = "2026-02-03T09:57:59Z";
    talk.hears(answer(200, page({old}, {{"@odata.nextLink", next + "3"}}).dump()));
    EXPECT_EQ(talk.output(), Json({{"found", false}}));
}

TEST_F(PartnerCenterReferrals, ProbeOfMicrosoftsHalfLooksInItsEngagement) {
    Json input = create_input();
    input["referral"]["engagementId"] = "e-1";
    input["referral"]["target"] =
        Json::array({{{"type", "BusinessProfileLocation"}, {"id", "msft"}}});
    Conversation talk = pc_.probe("create_referral", input);
    EXPECT_EQ(talk.line(), std::string("GET ") + kList + "?$filter=engagementId%20eq%20%27e-1%27");
    talk.hears(answer(200, page({referral()}).dump()));  // only the own half is there
    EXPECT_FALSE(talk.output()["found"]);
}

TEST_F(PartnerCenterReferrals, AProbeThatCannotReadSaysSoInsteadOfAbsent) {
    Conversation talk = pc_.probe("create_referral", create_input());
    talk.hears(answer(500));
    EXPECT_TRUE(talk.is_failed());
}

TEST_F(PartnerCenterReferrals, PatchesInPathOrderUnderTheVersionThatWasRead) {
    Conversation talk = pc_.start("patch_referral", patch_input());
    EXPECT_EQ(talk.line(), std::string("PATCH ") + kUrl);
    EXPECT_EQ(talk.header("If-Match"), kEtag);
    EXPECT_EQ(talk.header("Prefer"), "return=representation");
    EXPECT_EQ(
        talk.request().body,
        R"([{"op":"replace","path":"/details/closingDateTime","value":"2026-03-31"},)"
        R"({"op":"replace","path":"/details/dealValue","value":"42000"},)"
        R"({"op":"replace","path":"/externalReferenceId","value":"row-1"}])"
    );
    talk.hears(answer(200, referral().dump()));
    EXPECT_EQ(talk.output(), referral());
}

TEST_F(PartnerCenterReferrals, PatchWithoutAVersionIsUnconditionalTheFirstTime) {
    Json input = patch_input();
    input.erase("etag");
    Conversation talk = pc_.start("patch_referral", input);
    EXPECT_EQ(talk.request().method, "PATCH");
    EXPECT_EQ(talk.header("If-Match"), "(absent)");
    talk.hears(answer(204));
    EXPECT_EQ(talk.line(), std::string("GET ") + kUrl);  // Prefer was not honoured
    talk.hears(answer(200, referral().dump()));
    EXPECT_TRUE(talk.is_done());
}

TEST_F(PartnerCenterReferrals, AppendingPathsAreRefusedBecauseARepeatWouldDoubleThem) {
    const Conversation talk =
        pc_.start("patch_referral", {{"id", kId}, {"changes", {{"team/-", Json::object()}}}});
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "InvalidPath");
}

TEST_F(PartnerCenterReferrals, AChangedReferralRefusesThePatch) {
    Conversation talk = pc_.start("patch_referral", patch_input());
    talk.hears(answer(
        412, R"({"error":{"code":"preconditionFailed","message":"The etag does not match"}})"
    ));
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
    EXPECT_EQ(talk.failed().attempt_class, AttemptClass::kNotDone);
}

TEST_F(PartnerCenterReferrals, ARepeatedPatchThatLandedBeforeIsDone) {
    Conversation talk = pc_.repeat("patch_referral", patch_input());
    EXPECT_EQ(talk.request().method, "PATCH");
    talk.hears(answer(412));
    EXPECT_EQ(talk.line(), std::string("GET ") + kUrl);
    talk.hears(answer(200, referral().dump()));  // number for text, instant for date
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(talk.output(), referral());
}

TEST_F(PartnerCenterReferrals, ARepeatedPatchThatSomebodyElseOvertookIsRefused) {
    Conversation talk = pc_.repeat("patch_referral", patch_input());
    talk.hears(answer(412));
    Json other = referral();
    other["details"]["dealValue"] = 1;
    talk.hears(answer(200, other.dump()));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().code, "PreconditionFailed");
}

TEST_F(PartnerCenterReferrals, ARepeatWithoutAVersionLooksFirstAndWritesUnderWhatItSaw) {
    Json input = patch_input();
    input.erase("etag");
    Conversation talk = pc_.repeat("patch_referral", input);
    EXPECT_EQ(talk.line(), std::string("GET ") + kUrl);
    Json untouched = referral();
    untouched["externalReferenceId"] = nullptr;
    talk.hears(answer(200, untouched.dump()));
    EXPECT_EQ(talk.request().method, "PATCH");
    EXPECT_EQ(talk.header("If-Match"), kEtag);
}

TEST_F(PartnerCenterReferrals, ARepeatWithoutAVersionNeverOverwritesALaterChange) {
    Json input = patch_input();
    input.erase("etag");
    Conversation talk = pc_.repeat("patch_referral", input);
    Json touched = referral();
    touched["externalReferenceId"] = "somebody else's";
    touched["updatedDateTime"] = "2026-02-03T10:00:05Z";
    talk.hears(answer(200, touched.dump()));
    ASSERT_TRUE(talk.is_failed());
    EXPECT_EQ(talk.error().kind, ErrorKind::kConflict);
}

TEST_F(PartnerCenterReferrals, ProbeOfAPatchComparesTheWrittenFieldsOnly) {
    Conversation talk = pc_.probe("patch_referral", patch_input());
    talk.hears(answer(200, referral().dump()));
    EXPECT_TRUE(talk.output()["found"]);

    Conversation gone = pc_.probe("patch_referral", patch_input());
    gone.hears(answer(404));
    EXPECT_FALSE(gone.output()["found"]);
}

TEST_F(PartnerCenterReferrals, ReplacesTheWholeReferralWithoutItsLinks) {
    Json whole = referral();
    whole["links"] = {{"self", {{"uri", "https://wrong.example"}}}};
    Conversation talk =
        pc_.start("replace_referral", {{"id", kId}, {"etag", kEtag}, {"referral", whole}});
    EXPECT_EQ(talk.line(), std::string("PUT ") + kUrl);
    EXPECT_EQ(talk.header("If-Match"), kEtag);
    EXPECT_EQ(talk.sent_body(), referral());
}

TEST_F(PartnerCenterReferrals, ARepeatedReplacementIsComparedWithoutTheServicesOwnFields) {
    Conversation talk =
        pc_.repeat("replace_referral", {{"id", kId}, {"etag", kEtag}, {"referral", referral()}});
    talk.hears(answer(412));
    Json now = referral();
    now["eTag"] = "\"new\"";
    now["updatedDateTime"] = "2026-02-03T10:00:02Z";
    talk.hears(answer(200, now.dump()));
    ASSERT_TRUE(talk.is_done());
    EXPECT_EQ(talk.done().record.version, "\"new\"");
}

}  // namespace
}  // namespace tideway::connectors::partner_center
