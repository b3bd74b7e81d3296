#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/connectors/partner_center/sandbox_fixture.h"

namespace tideway::connectors::partner_center {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using SandboxList = SandboxFixture;

TEST_F(SandboxList, E8FiltersAsTheDocumentationDoes) {
    const Json own = post_own();
    const Json inbound = announce({{"team", team_of("uma@contoso.example")}});
    const Json lead = announce({{"kind", "lead"}});
    const std::string own_id = string_or(own, "id");
    const std::string inbound_id = string_or(inbound, "id");
    const std::string lead_id = string_or(lead, "id");
    EXPECT_THAT(ids(filtered("direction eq 'Incoming'")), ElementsAre(inbound_id, lead_id));
    EXPECT_THAT(
        ids(filtered("status eq 'New' and qualification eq 'SalesQualified'")),
        ElementsAre(inbound_id)
    );
    EXPECT_THAT(
        ids(filtered("(type eq 'Shared' and direction eq 'Incoming')")), ElementsAre(inbound_id)
    );
    EXPECT_THAT(
        ids(filtered(
            "(direction eq 'Incoming' and substatus eq 'Pending') or engagementId eq '" +
            string_or(own, "engagementId") + "'"
        )),
        ElementsAre(own_id, inbound_id, lead_id)
    );
    EXPECT_THAT(
        ids(filtered("customerProfile/address/country eq 'GB' and direction eq 'Incoming'")),
        ElementsAre(inbound_id, lead_id)
    );
    EXPECT_THAT(
        ids(filtered("team/any(t:t/email eq 'uma@contoso.example')")), ElementsAre(inbound_id)
    );
    EXPECT_THAT(
        ids(filtered("team/any() and not (direction eq 'Incoming')")),
        ElementsAre(own_id, testing::_)
    ) << "and Microsoft's half of the announced deal";
}

TEST_F(SandboxList, AndBindsTighterThanOrAndParenthesesDecide) {
    const std::string own = string_or(post_own(), "id");
    const std::string lead = string_or(announce({{"kind", "lead"}}), "id");
    const std::string text = "type eq 'Shared' or type eq 'Independent' and status eq 'Active'";
    EXPECT_THAT(ids(filtered(text)), ElementsAre(own));
    EXPECT_THAT(
        ids(filtered("(type eq 'Shared' or type eq 'Independent') and status eq 'New'")),
        ElementsAre(lead)
    );
}

TEST_F(SandboxList, ReadsDoubledQuotesInTexts) {
    const std::string id =
        string_or(announce({{"kind", "lead"}, {"team", team_of("o'hara@contoso.example")}}), "id");
    EXPECT_THAT(
        ids(filtered("team/any(m: m/email eq 'o''hara@contoso.example')")), ElementsAre(id)
    );
}

TEST_F(SandboxList, RefusesFiltersOnFieldsThatTheServiceDoesNotDocument) {
    for (const char* text :
         {"externalReferenceId eq 'crm-1'",
          "name eq 'x'",
          "id eq 'x'",
          "eTag eq 'x'",
          "details/dealValue eq 42000",
          "team/any(t:t/firstName eq 'Ana')",
          "tags/any(t:t/tag eq 'x')"}) {
        const Answer answer = filtered(text);
        EXPECT_EQ(answer.status, 400) << text;
        EXPECT_EQ(answer.inner_code(), "unsupportedFilter") << text;
    }
}

TEST_F(SandboxList, RefusesFiltersThatAreNone) {
    for (const char* text :
         {"status",
          "status eq",
          "status eq New",
          "status eq 'New",
          "(status eq 'New'",
          "and",
          "status eq 'New' status eq 'New'",
          "status eq 'New')",
          "'New' eq status",
          "",
          "team/any(t",
          "team/any(t:t/email eq 'a'"}) {
        EXPECT_EQ(filtered(text).inner_code(), "invalidFilter") << text;
    }
    EXPECT_EQ(filtered("status gt 'New'").inner_code(), "unsupportedFilter");
    EXPECT_EQ(filtered("status eq true").inner_code(), "typeMismatch");
    EXPECT_EQ(filtered("status eq 7").inner_code(), "typeMismatch");
    EXPECT_EQ(filtered(std::string(5000, '(')).status, 400);
    EXPECT_THAT(filtered("status eq New").message(), HasSubstr("position 10"));
}

TEST_F(SandboxList, E8PagesByAnOpaqueSkipToken) {
    control("POST", "/sandbox/settings", {{"page_size", 2}, {"links", "correct"}});
    std::vector<std::string> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(string_or(post_own(), "id"));
    }
    std::vector<std::string> seen;
    std::string target = std::string(kReferrals) + "?$count=true&$orderby=createdDateTime%20asc";
    int pages = 0;
    while (!target.empty() && pages < 9) {
        const Answer page = call("GET", target);
        EXPECT_EQ(page.body["@odata.count"], 5);
        for (const std::string& id : ids(page)) {
            seen.push_back(id);
        }
        const std::string next = string_or(page.body, "@odata.nextLink");
        target = next.empty() ? "" : next.substr(std::string(kReferralsUrl).size());
        ++pages;
    }
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(seen, all);
}

TEST_F(SandboxList, TopAndSkipHoldAcrossPages) {
    control("POST", "/sandbox/settings", {{"page_size", 2}, {"links", "correct"}});
    std::vector<std::string> all;
    for (int i = 0; i < 6; ++i) {
        all.push_back(string_or(post_own(), "id"));
    }
    const Answer first = list("$top=3&$skip=1");
    EXPECT_THAT(ids(first), ElementsAre(all[1], all[2]));
    const std::string next = string_or(first.body, "@odata.nextLink");
    const Answer second = call("GET", next.substr(std::string(kReferralsUrl).size()));
    EXPECT_THAT(ids(second), ElementsAre(all[3]));
    EXPECT_FALSE(second.body.contains("@odata.nextLink"));
    EXPECT_THAT(ids(list("$top=0")), IsEmpty());
    EXPECT_THAT(ids(list("$skip=99")), IsEmpty());
}

TEST_F(SandboxList, OrdersByTheTwoTimesOnly) {
    const std::string a = string_or(post_own(), "id");
    const std::string b = string_or(post_own(), "id");
    patch(a, {replace_op("/campaignId", "x")});
    EXPECT_THAT(ids(list("$orderby=createdDateTime%20desc")), ElementsAre(b, a));
    EXPECT_THAT(ids(list("$orderby=updatedDateTime%20desc")), ElementsAre(a, b));
    EXPECT_EQ(list("$orderby=name").inner_code(), "unsupportedOrder");
    EXPECT_EQ(list("$orderby=createdDateTime%20upwards").status, 400);
}

TEST_F(SandboxList, SelectsTopLevelFields) {
    post_own();
    const Json row = list("$select=id,status,details").body["value"][0];
    EXPECT_THAT(row, SizeIs(3));
    EXPECT_EQ(row["details"]["currency"], "GBP");
    EXPECT_EQ(list("$select=id,colour").inner_code(), "invalidQuery");
}

TEST_F(SandboxList, RefusesOptionsThatItDoesNotKnow) {
    EXPECT_EQ(list("$search=x").status, 400);
    EXPECT_EQ(list("$top=many").status, 400);
    EXPECT_EQ(list("$skiptoken=abc").status, 400);
}

TEST_F(SandboxList, E14WritesLinksAsBadlyAsTheRealServiceUnlessToldOtherwise) {
    const Json own = post_own();
    const std::string id = string_or(own, "id");
    const std::string self = own["links"]["self"]["uri"];
    EXPECT_THAT(self, HasSubstr("/engagments/referrals" + id));
    const std::string related = own["links"]["relatedReferrals"]["uri"];
    EXPECT_THAT(related, HasSubstr("referrals$filter=engagementId eq"));
    control("POST", "/sandbox/settings", {{"page_size", 1}});
    post_own();
    const std::string next = list("$top=2").body["@odata.nextLink"];
    EXPECT_THAT(next, HasSubstr("/v1.0/referrals?"));
    EXPECT_THAT(next, testing::Not(HasSubstr("/engagements")));
    control("POST", "/sandbox/settings", {{"links", "correct"}});
    const std::string right = get(id).body["links"]["self"]["uri"];
    EXPECT_EQ(right, kReferralsUrl + item(id));
}

TEST_F(SandboxList, ListsLagBehindWritesWhenToldSo) {
    const std::string old = string_or(post_own(), "id");
    control("POST", "/sandbox/settings", {{"list_lag_ms", 5000}});
    const std::string young = string_or(post_own(), "id");
    patch(old, {replace_op("/campaignId", "new")});
    EXPECT_EQ(get(young).status, 200);
    EXPECT_EQ(get(old).body["campaignId"], "new");
    EXPECT_THAT(ids(list("$top=9")), ElementsAre(old));
    EXPECT_TRUE(list("$top=9").body["value"][0]["campaignId"].is_null());
    clock_.advance(std::chrono::seconds(5));
    EXPECT_THAT(ids(list("$top=9")), ElementsAre(old, young));
    EXPECT_EQ(list("$top=9").body["value"][0]["campaignId"], "new");
}

}  // namespace
}  // namespace tideway::connectors::partner_center
