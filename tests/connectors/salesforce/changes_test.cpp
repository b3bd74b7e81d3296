// The polling triggers against the sandbox.
#include "tests/connectors/salesforce/sandbox_fixture.h"

namespace tideway::connectors::salesforce {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class SalesforceChanges : public SandboxTest {
  protected:
    // The next poll of a trigger; the events in short.
    Json poll(const std::string& trigger, const Json& config = {{"object", "Opportunity"}}) {
        connector::Poll poll;
        poll.config = config;
        poll.settings = crm.settings;
        poll.cursor = cursor_;
        poll.now = clock.now();
        poll.events_max = events_max_;
        answer_ =
            output(test::Conversation(crm.connector().poll(*crm.spec.trigger(trigger), poll)));
        cursor_ = answer_["cursor"];
        Json out = Json::array();
        for (const Json& event : answer_["events"]) {
            const Json& what = event["event"];
            const Json* record = find(what, "record");
            out.push_back(
                string_or(what, "change") + " " +
                (record == nullptr ? string_or(what, "id") : string_or(*record, "Name"))
            );
        }
        return out;
    }

    Json poll_names(const std::string& trigger) {
        return poll(trigger, {{"object", "Opportunity"}, {"select", {"Name"}}});
    }

    void rename(const std::string& id, const std::string& name) {
        ASSERT_EQ(api("PATCH", "sobjects/Opportunity/" + id, {{"Name", name}}).status, 204);
    }

    Json cursor_;
    Json answer_;
    std::size_t events_max_ = 500;
};

TEST_F(SalesforceChanges, WhatIsThereAtTheFirstPollIsKnown) {
    create("Opportunity", opportunity("Old"));
    EXPECT_EQ(poll_names("record_changed"), Json::array());
    EXPECT_EQ(poll_names("record_changed"), Json::array());
    create("Opportunity", opportunity("New"));
    EXPECT_EQ(poll_names("record_changed"), Json({"Create New"}));
    EXPECT_EQ(poll_names("record_changed"), Json::array());
}

TEST_F(SalesforceChanges, TheFirstRecordOfAnEmptyObjectIsNew) {
    EXPECT_EQ(poll_names("record_changed"), Json::array());
    create("Opportunity", opportunity("First"));
    EXPECT_EQ(poll_names("record_changed"), Json({"Create First"}));
}

TEST_F(SalesforceChanges, AChangeIsDeliveredOnceAndAsAnUpdate) {
    const std::string id = create("Opportunity", opportunity("Deal"));
    poll_names("record_changed");
    clock.advance(minutes(10));
    rename(id, "Deal 2");
    EXPECT_EQ(poll_names("record_changed"), Json({"Update Deal 2"}));
    EXPECT_EQ(answer_["events"][0]["event"]["id"], id);
    EXPECT_EQ(poll_names("record_changed"), Json::array());
}

TEST_F(SalesforceChanges, TwoChangesOfOneSecondAreBothSeen) {
    const std::string id = create("Opportunity", opportunity("Deal"));
    poll_names("record_changed");
    clock.advance(seconds(1));
    rename(id, "Deal 2");
    EXPECT_EQ(poll_names("record_changed"), Json({"Update Deal 2"}));
    rename(id, "Deal 3");
    EXPECT_EQ(poll_names("record_changed"), Json({"Update Deal 3"}));
}

TEST_F(SalesforceChanges, OnlyCreatedRecordsStartTheOtherTrigger) {
    const std::string id = create("Opportunity", opportunity("Deal"));
    poll_names("record_created");
    clock.advance(minutes(1));
    rename(id, "Deal 2");
    create("Opportunity", opportunity("Next"));
    EXPECT_EQ(poll_names("record_created"), Json({"Create Next"}));
}

TEST_F(SalesforceChanges, AFilterAndFieldsOfParentsAreTheFlowsOwn) {
    const Json config = {
        {"object", "Contact"},
        {"select", {"Name", "Account.Name"}},
        {"filter", "Account.Name LIKE 'Fabrikam%' OR Title = 'CEO'"}};
    poll("record_changed", config);
    clock.advance(seconds(1));
    const std::string fabrikam =
        body_of(query_answer("SELECT Id FROM Account WHERE Name LIKE 'Fabrikam%'")
        )["records"][0]["Id"];
    create("Contact", {{"LastName", "Li"}, {"AccountId", fabrikam}});
    create("Contact", {{"LastName", "Nobody"}});
    EXPECT_EQ(poll("record_changed", config), Json({"Create Li"}));
    EXPECT_EQ(
        answer_["events"][0]["event"]["record"]["Account"], (Json{{"Name", "Fabrikam, Inc."}})
    );
}

TEST_F(SalesforceChanges, ManyChangesComeInPartsWithoutALoss) {
    poll_names("record_changed");
    for (int i = 0; i < 25; ++i) {
        create("Opportunity", opportunity("Deal " + std::to_string(i)));
    }
    events_max_ = 10;
    std::size_t seen = poll_names("record_changed").size();
    EXPECT_EQ(answer_["has_more"], true);
    seen += poll_names("record_changed").size();
    seen += poll_names("record_changed").size();
    EXPECT_EQ(seen, 25U);
    EXPECT_EQ(answer_["has_more"], false);
}

TEST_F(SalesforceChanges, AFieldThatIsNoneIsRefused) {
    connector::Poll poll;
    poll.config = {{"object", "Opportunity"}, {"select", {"Name FROM User"}}};
    poll.settings = crm.settings;
    const auto& trigger = *crm.spec.trigger("record_changed");
    EXPECT_EQ(test::Conversation(crm.connector().poll(trigger, poll)).error().code, "InvalidField");
}

TEST_F(SalesforceChanges, DeletedRecordsAreToldOnceTheirMinuteIsOver) {
    const std::string old = create("Opportunity", opportunity("Old"));
    const std::string id = create("Opportunity", opportunity("Deal"));
    api("DELETE", "sobjects/Opportunity/" + old);
    clock.advance(minutes(2));
    EXPECT_EQ(poll("record_deleted"), Json::array());
    clock.advance(seconds(30));
    api("DELETE", "sobjects/Opportunity/" + id);
    EXPECT_EQ(poll("record_deleted"), Json::array());
    clock.advance(minutes(1));
    EXPECT_EQ(poll("record_deleted"), Json({"Delete " + id}));
    EXPECT_EQ(poll("record_deleted"), Json::array());
    clock.advance(minutes(1));
    EXPECT_EQ(poll("record_deleted"), Json::array());
}

TEST_F(SalesforceChanges, AFlowThatWasOffLongerThanTheFeedIsKeptGoesOn) {
    poll("record_deleted");
    clock.advance(std::chrono::hours(24 * 40));
    token = sandbox->open_session(Sandbox::kIntegrationUser);
    const std::string id = create("Opportunity", opportunity("Deal"));
    api("DELETE", "sobjects/Opportunity/" + id);
    clock.advance(minutes(1));
    EXPECT_EQ(poll("record_deleted"), Json({"Delete " + id}));
}

}  // namespace
}  // namespace tideway::connectors::salesforce
