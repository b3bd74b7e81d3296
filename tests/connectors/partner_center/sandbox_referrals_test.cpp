#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/connectors/partner_center/sandbox_fixture.h"

namespace tideway::connectors::partner_center {
namespace {

using testing::HasSubstr;
using SandboxReferrals = SandboxFixture;

TEST_F(SandboxReferrals, E3TurnsANewDealOfThePartnerIntoAnAcceptedOne) {
    const Json own = post_own();
    EXPECT_EQ(own["status"], "Active");
    EXPECT_EQ(own["substatus"], "Accepted");
    EXPECT_EQ(own["direction"], "Outgoing");
    EXPECT_EQ(own["organizationName"], "Contoso Consulting");
    EXPECT_FALSE(string_or(own, "engagementId").empty());
    EXPECT_EQ(get(string_or(own, "id")).body, own);
}

TEST_F(SandboxReferrals, RefusesADealWithoutWhatTheServiceRequires) {
    for (const char* field : {"type", "customerProfile", "consent", "details"}) {
        Json deal = own_deal();
        deal.erase(field);
        const Answer answer = call("POST", kReferrals, deal);
        EXPECT_EQ(answer.status, 400) << field;
        EXPECT_EQ(answer.code(), "invalidRequest");
        EXPECT_THAT(answer.message(), HasSubstr(field));
    }
}

TEST_F(SandboxReferrals, RefusesASharedDealWithoutASolution) {
    Json deal = own_deal();
    deal["details"]["requirements"]["solutions"] = Json::array();
    const Answer answer = call("POST", kReferrals, deal);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.message(), "Solution ID is required");
}

TEST_F(SandboxReferrals, RefusesACountryThatIsNotATwoLetterCode) {
    for (const char* country : {"Germany", "United States", "de", ""}) {
        Json deal = own_deal();
        deal["customerProfile"]["address"]["country"] = country;
        EXPECT_EQ(call("POST", kReferrals, deal).inner_code(), "invalidCountryCode") << country;
    }
}

TEST_F(SandboxReferrals, RefusesUnknownPropertiesWrongTypesAndUnknownWords) {
    Json misspelt = own_deal();
    misspelt["details"]["dealvalue"] = 1;
    EXPECT_THAT(call("POST", kReferrals, misspelt).message(), HasSubstr("details/dealvalue"));
    Json text = own_deal();
    text["details"]["dealValue"] = "42000";
    EXPECT_EQ(call("POST", kReferrals, text).inner_code(), "typeMismatch");
    Json word = own_deal();
    word["qualification"] = "Splendid";
    EXPECT_THAT(call("POST", kReferrals, word).message(), HasSubstr("Splendid"));
    EXPECT_EQ(call("POST", kReferrals, Json::array()).status, 400);
}

TEST_F(SandboxReferrals, E4GivesEveryWriteANewQuotedETagAndRepeatsItInTheHeader) {
    const Json own = post_own();
    const std::string first = string_or(own, "eTag");
    EXPECT_TRUE(first.starts_with('"') && first.ends_with('"')) << first;
    const Answer second =
        patch_back(string_or(own, "id"), {replace_op("/details/notes", "a second look")});
    EXPECT_NE(second.etag(), first);
    EXPECT_EQ(second.headers.get_or("ETag", ""), second.etag());
    EXPECT_EQ(get(second.id()).headers.get_or("ETag", ""), second.etag());
    const Answer quiet = patch(second.id(), {replace_op("/details/notes", "a second look")});
    EXPECT_NE(quiet.headers.get_or("ETag", ""), second.etag());
}

TEST_F(SandboxReferrals, E5ReplacesOnlyWithTheCurrentETag) {
    Json own = post_own();
    const std::string id = string_or(own, "id");
    const std::string etag = string_or(own, "eTag");
    own.erase("links");
    own["name"] = "Fabrikam telemetry, phase 2";
    const Answer without = call("PUT", item(id), own);
    EXPECT_EQ(without.status, 400);
    EXPECT_EQ(without.inner_code(), "preconditionRequired");
    const Answer done = call("PUT", item(id), own, {{"If-Match", etag}});
    EXPECT_EQ(done.status, 200) << done.text;
    EXPECT_EQ(done.body["name"], "Fabrikam telemetry, phase 2");
    const Answer stale = call("PUT", item(id), own, {{"If-Match", etag}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_EQ(stale.code(), "preconditionFailed");
}

TEST_F(SandboxReferrals, ReplacingWithLinksOrAnotherTypeIsRefused) {
    const Json own = post_own();
    const http::Headers match = {{"If-Match", string_or(own, "eTag")}};
    EXPECT_THAT(call("PUT", item(string_or(own, "id")), own, match).message(), HasSubstr("links"));
    Json other = own;
    other.erase("links");
    other["type"] = "Independent";
    EXPECT_EQ(call("PUT", item(string_or(own, "id")), other, match).inner_code(), "readOnly");
}

TEST_F(SandboxReferrals, ReplacingForgetsOptionalFieldsThatAreLeftOut) {
    Json own = post_own();
    const http::Headers match = {{"If-Match", string_or(own, "eTag")}};
    own.erase("links");
    own.erase("externalReferenceId");
    const Answer done = call("PUT", item(string_or(own, "id")), own, match);
    EXPECT_EQ(done.status, 200) << done.text;
    EXPECT_TRUE(done.body["externalReferenceId"].is_null());
    EXPECT_EQ(done.body["engagementId"], own["engagementId"]);
}

TEST_F(SandboxReferrals, E6PatchesOnlyTheListedPathsByAddAndReplace) {
    const std::string id = string_or(post_own(), "id");
    for (const char* path :
         {"/name",
          "/inviteContext/notes",
          "/customerProfile/name",
          "/type",
          "/target",
          "/qualification",
          "/details",
          "details/notes"}) {
        EXPECT_EQ(patch(id, {replace_op(path, "x")}).inner_code(), "pathNotAllowed") << path;
    }
    const Json removal = {{"op", "remove"}, {"path", "/details/notes"}};
    EXPECT_EQ(patch(id, {removal}).inner_code(), "invalidPatch");
    EXPECT_EQ(call("PATCH", item(id), Json::object()).inner_code(), "invalidPatch");
    EXPECT_EQ(patch(id, {Json(7)}).inner_code(), "invalidPatch");
    EXPECT_EQ(patch(id, {replace_op("/team/-", Json::object())}).inner_code(), "invalidPatch");
}

TEST_F(SandboxReferrals, E6TakesADealValueAsTextOrNumberAndKeepsANumber) {
    const std::string id = string_or(post_own(), "id");
    EXPECT_EQ(
        patch_back(id, {replace_op("/details/dealValue", "51000")}).body["details"]["dealValue"],
        51000
    );
    EXPECT_EQ(
        patch_back(id, {replace_op("/details/dealValue", 1234.5)}).body["details"]["dealValue"],
        1234.5
    );
    EXPECT_EQ(patch(id, {replace_op("/details/dealValue", "a lot")}).status, 400);
}

TEST_F(SandboxReferrals, E6AnswersWithoutABodyUnlessARepresentationIsPreferred) {
    const std::string id = string_or(post_own(), "id");
    const Answer plain = patch(id, {replace_op("/campaignId", "spring")});
    EXPECT_EQ(plain.status, 204);
    EXPECT_EQ(plain.text, "");
    const Answer full = patch_back(id, {replace_op("/campaignId", "summer")});
    EXPECT_EQ(full.status, 200);
    EXPECT_EQ(full.body["campaignId"], "summer");
}

TEST_F(SandboxReferrals, PatchesNothingWhenOneOperationIsWrong) {
    const std::string id = string_or(post_own(), "id");
    const Json before = get(id).body;
    EXPECT_EQ(
        patch(id, {replace_op("/details/notes", "new"), replace_op("/name", "new")}).status, 400
    );
    EXPECT_EQ(get(id).body, before);
}

TEST_F(SandboxReferrals, PatchHonoursIfMatchWhenItIsThere) {
    const Json own = post_own();
    const std::string id = string_or(own, "id");
    const http::Headers match = {{"If-Match", string_or(own, "eTag")}};
    EXPECT_EQ(patch(id, {replace_op("/details/notes", "1")}, match).status, 204);
    EXPECT_EQ(patch(id, {replace_op("/details/notes", "2")}, match).status, 412);
    EXPECT_EQ(get(id).body["details"]["notes"], "1");
}

TEST_F(SandboxReferrals, AddsMembersAndSolutionsAtTheEndAndRefusesToRemoveTheLastSolution) {
    const std::string id = string_or(post_own(), "id");
    const Json member = {
        {"op", "add"},
        {"path", "/team/-"},
        {"value", {{"firstName", "Uma"}, {"email", "uma@contoso.example"}}}};
    EXPECT_EQ(patch(id, {member}).status, 204);
    EXPECT_EQ(get(id).body["team"].size(), 2U);
    EXPECT_EQ(
        patch(id, {replace_op("/details/requirements/solutions", Json::array())}).message(),
        "Solution ID is required"
    );
}

TEST_F(SandboxReferrals, E7FollowsTheStateMachineAndLocksClosedDeals) {
    const std::string id = string_or(announce(), "id");
    EXPECT_EQ(patch(id, {replace_op("/status", "Active")}).inner_code(), "invalidStateTransition");
    EXPECT_EQ(
        patch(id, {replace_op("/status", "Active"), replace_op("/substatus", "Won")}).inner_code(),
        "invalidStateTransition"
    );
    EXPECT_EQ(patch(id, accepted_ops()).status, 204);
    EXPECT_FALSE(get(id).body["acceptedDateTime"].is_null());
    EXPECT_EQ(
        patch(id, {replace_op("/status", "New"), replace_op("/substatus", "Pending")}).inner_code(),
        "invalidStateTransition"
    );
    EXPECT_EQ(patch(id, closed_ops("Won")).status, 204);
    const Json won = get(id).body;
    EXPECT_FALSE(won["closedDateTime"].is_null());
    const Answer late = patch(id, {replace_op("/details/notes", "too late")});
    EXPECT_EQ(late.status, 400);
    EXPECT_EQ(late.inner_code(), "terminalState");
    EXPECT_EQ(get(id).body, won);
}

TEST_F(SandboxReferrals, DeclinesANewDealWithAReason) {
    const std::string id = string_or(announce(), "id");
    Operations operations = closed_ops("Declined");
    operations.push_back(replace_op("/statusReason", "No capacity"));
    EXPECT_EQ(patch(id, operations).status, 204);
    EXPECT_EQ(get(id).body["substatus"], "Declined");
    EXPECT_EQ(get(id).body["statusReason"], "No capacity");
}

TEST_F(SandboxReferrals, ConsentIsGivenOnceAndNotWithdrawn) {
    Json deal = own_deal();
    deal["consent"]["consentToShareReferralWithMicrosoftSellers"] = false;
    const std::string id = call("POST", kReferrals, deal).id();
    const std::string path = "/consent/consentToShareReferralWithMicrosoftSellers";
    EXPECT_EQ(patch(id, {replace_op(path, true)}).status, 204);
    EXPECT_EQ(patch(id, {replace_op(path, false)}).inner_code(), "oneWay");
}

TEST_F(SandboxReferrals, E9MakesOneEngagementOfTwoPosts) {
    const Json own = post_own();
    const Json theirs = post_microsoft(own);
    EXPECT_EQ(theirs["engagementId"], own["engagementId"]);
    EXPECT_NE(theirs["id"], own["id"]);
    EXPECT_EQ(theirs["status"], "New");
    EXPECT_EQ(theirs["substatus"], "Pending");
    const Answer both = filtered("engagementId eq '" + string_or(own, "engagementId") + "'");
    EXPECT_THAT(ids(both), testing::ElementsAre(own["id"], theirs["id"]));
}

TEST_F(SandboxReferrals, MicrosoftsHalfNeedsAKnownEngagementAndAReachableCustomer) {
    const Json own = post_own();
    Json stray = microsoft_deal(own);
    stray["engagementId"] = "00000000-0000-0000-0000-000000000001";
    EXPECT_EQ(call("POST", kReferrals, stray).inner_code(), "unknownEngagement");
    Json lonely = microsoft_deal(own);
    lonely["customerProfile"]["team"] = Json::array();
    EXPECT_EQ(call("POST", kReferrals, lonely).inner_code(), "customerContactRequired");
}

TEST_F(SandboxReferrals, AskingMicrosoftForHelpSharesAPrivateDeal) {
    Json deal = own_deal();
    deal["consent"]["consentToShareReferralWithMicrosoftSellers"] = false;
    const Json own = call("POST", kReferrals, deal).body;
    post_microsoft(own);
    const Json after = get(string_or(own, "id")).body;
    EXPECT_EQ(after["consent"]["consentToShareReferralWithMicrosoftSellers"], true);
}

TEST_F(SandboxReferrals, MicrosoftsHalfIsNotThePartnersToChange) {
    const Json theirs = post_microsoft(post_own());
    const Answer answer = patch(string_or(theirs, "id"), accepted_ops());
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.code(), "accessDenied");
}

TEST_F(SandboxReferrals, E16GivesTheCrmIdBackAsItWasWritten) {
    const std::string id = string_or(announce(), "id");
    const std::string crm = "6f0a8c1e-7d55-4d0f-9b7e-2f1f3c1c9e10";
    EXPECT_TRUE(get(id).body["externalReferenceId"].is_null());
    EXPECT_EQ(patch(id, {replace_op("/externalReferenceId", crm)}).status, 204);
    EXPECT_EQ(get(id).body["externalReferenceId"], crm);
    EXPECT_EQ(post_own()["externalReferenceId"], "crm-1");
}

TEST_F(SandboxReferrals, E18RemembersTheCallersIdInLastModifiedVia) {
    const std::string id = string_or(announce(), "id");
    EXPECT_EQ(get(id).body["lastModifiedVia"], "Microsoft");
    patch(id, {replace_op("/campaignId", "c")}, {{"X-Caller-Id", "tideway-caller"}});
    EXPECT_EQ(get(id).body["lastModifiedVia"], "tideway-caller");
    patch(id, {replace_op("/campaignId", "d")});
    EXPECT_EQ(get(id).body["lastModifiedVia"], "sync-app");
}

TEST_F(SandboxReferrals, RegistersADealUnderItsPathWithATrailingSlash) {
    const std::string id = string_or(post_own(), "id");
    const Json registration = {
        {"op", "add"},
        {"path", "/registrations/-"},
        {"value",
         {{"type", "AzureIPCoSell"},
          {"solutionDetails", Json::array({{{"id", "SOL-20001-XYZ"}, {"value", 42000}}})},
          {"contract", {{"currency", "GBP"}, {"value", 42000}, {"term", "Perpetual"}}}}}};
    const Json operations = Json::array({registration});
    EXPECT_EQ(call("PATCH", item(id) + "/", operations).status, 400) << "no X-Caller-Id";
    const http::Headers caller = {{"X-Caller-Id", "tideway-caller"}};
    EXPECT_EQ(call("PATCH", item(id) + "/", operations, caller).status, 204);
    EXPECT_EQ(get(id).body["registrations"][0]["contract"]["term"], "Perpetual");
    const Json update = Json::array({replace_op("/registrations/0/contract/term", "Finite")});
    EXPECT_EQ(call("PATCH", item(id) + "//", update).status, 204);
    EXPECT_EQ(get(id).body["registrations"][0]["contract"]["term"], "Finite");
}

TEST_F(SandboxReferrals, ARegistrationCannotBeChangedBeforeItIsMade) {
    const std::string id = string_or(post_own(), "id");
    EXPECT_EQ(
        patch(id, {replace_op("/registrations/0/contract/term", "Finite")}).inner_code(),
        "notRegistered"
    );
}

TEST_F(SandboxReferrals, RefusesChunkedAndForeignBodiesAndWrongMethods) {
    const std::string id = string_or(post_own(), "id");
    http::Headers chunked = {{"Transfer-Encoding", "chunked"}};
    EXPECT_EQ(patch(id, {replace_op("/campaignId", "x")}, chunked).status, 411);
    http::Headers patch_type = {{"Content-Type", "application/json-patch+json"}};
    EXPECT_EQ(patch(id, {replace_op("/campaignId", "x")}, patch_type).status, 415);
    EXPECT_EQ(call("DELETE", item(id)).status, 405);
    EXPECT_EQ(get("no-such-id").code(), "itemNotFound");
    EXPECT_EQ(call("GET", item(id) + "/parts").status, 404);
}

TEST_F(SandboxReferrals, CountsWhatApiClientsWrote) {
    const std::string id = string_or(post_own(), "id");
    patch(id, {replace_op("/campaignId", "x")}, {{"X-Caller-Id", "me"}});
    patch(id, {replace_op("/name", "x")});
    get(id);
    patch(id, {replace_op("/campaignId", "x")});
    const Json writes = control("GET", "/sandbox/writes").body["writes"];
    ASSERT_EQ(writes.size(), 4U);
    EXPECT_EQ(writes[1]["method"], "PATCH");
    EXPECT_EQ(writes[1]["path"], item(id));
    EXPECT_EQ(writes[1]["caller"], "me");
    EXPECT_EQ(writes[1]["changed"], Json({"/campaignId"}));
    EXPECT_EQ(writes[2]["status"], 400);
    EXPECT_EQ(writes[3]["changed"], Json::array()) << "it was so before";
    EXPECT_TRUE(control("DELETE", "/sandbox/writes").body["writes"].empty());
}

TEST_F(SandboxReferrals, TakesEveryPatchPathOfTheContract) {
    const std::string id = string_or(post_own(), "id");
    for (const char* body : {"patch", "update_registration"}) {
        for (const Json& path : contract_.bodies()[body]["items"]["properties"]["path"]["enum"]) {
            const Answer answer =
                patch(id, {Json{{"op", "add"}, {"path", path}, {"value", nullptr}}});
            EXPECT_NE(answer.inner_code(), "pathNotAllowed") << path;
        }
    }
}

TEST_F(SandboxReferrals, KnowsEveryPropertyOfTheContract) {
    Json deal = own_deal();
    for (const auto& [name, schema] : contract_.bodies()["referral"]["properties"].items()) {
        if (!deal.contains(name)) {
            deal[name] = nullptr;
        }
        const Json properties = schema.value("properties", Json::object());
        for (const auto& [inner, ignored] : properties.items()) {
            if (deal[name].is_object() && !deal[name].contains(inner)) {
                deal[name][inner] = nullptr;
            }
        }
    }
    EXPECT_EQ(call("POST", kReferrals, deal).status, 200);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
