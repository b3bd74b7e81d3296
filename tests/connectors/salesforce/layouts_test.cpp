// Page layouts: the connector against the sandbox.
#include <gtest/gtest.h>

#include "tests/connectors/salesforce/sandbox_fixture.h"
#include "tests/support/temp_folder.h"

namespace tideway::connectors::salesforce {
namespace {

constexpr const char* kLayout = "00hTw0000000001AAA";

class Layouts : public SandboxTest {
  protected:
    test::Conversation run(const char* operation, const Json& input) {
        test::Conversation talk = crm_.start(operation, input);
        for (int i = 0; i < 20 && talk.is_asking(); ++i) {
            talk.hears(serve(talk.send()));
        }
        return talk;
    }

    test::Conversation add(const Json& fields) {
        return run(
            "add_to_layout",
            {{"layout", kLayout}, {"section", "Partner Center"}, {"fields", fields}}
        );
    }

    Json sections() {
        return run("list_layouts", {{"object", "Opportunity"}}).output()["layouts"][0]["sections"];
    }

    Json metadata() {
        return body_of(api("GET", std::string("tooling/sobjects/Layout/") + kLayout))["Metadata"];
    }

    test::ConnectorUnderTest crm_{"salesforce", make_connector(), {{"base_url", kBase}}};
};

TEST_F(Layouts, AreListedWithTheirSectionsAndFields) {
    const Json all = run("list_layouts", {{"object", "Opportunity"}}).output();
    ASSERT_EQ(all["layouts"].size(), 1U);
    EXPECT_EQ(all["layouts"][0]["name"], "Opportunity Layout");
    EXPECT_EQ(all["layouts"][0]["sections"][0]["label"], "Opportunity Information");
    EXPECT_EQ(
        all["layouts"][0]["sections"][0]["fields"][0],
        (Json{{"name", "Name"}, {"read_only", false}})
    );
    EXPECT_TRUE(run("list_layouts", {{"object", "Lead"}}).output()["layouts"].empty());
}

TEST_F(Layouts, GetASectionBehindTheirOwnAndKeepEverythingElse) {
    const Json before = metadata();
    const Json done =
        add({{{"name", "Audit__c"}, {"read_only", true}}, {{"name", "Sync_with_Partner_Center__c"}}}
        ).output();
    EXPECT_EQ(done["added"], Json({"Audit__c", "Sync_with_Partner_Center__c"}));
    EXPECT_EQ(
        sections().back(),
        (Json{
            {"label", "Partner Center"},
            {"fields",
             {{{"name", "Audit__c"}, {"read_only", true}},
              {{"name", "Sync_with_Partner_Center__c"}, {"read_only", false}}}}})
    );
    Json after = metadata();
    ASSERT_EQ(after["layoutSections"].size(), before["layoutSections"].size() + 1);
    after["layoutSections"].erase(after["layoutSections"].size() - 1);
    EXPECT_EQ(after["layoutSections"], before["layoutSections"]);
    EXPECT_EQ(after["relatedLists"].size(), before["relatedLists"].size());
    EXPECT_EQ(after["excludeButtons"], before["excludeButtons"]);
}

TEST_F(Layouts, AreNotWrittenWhenTheFieldsAreThere) {
    add({{{"name", "Audit__c"}}});
    (void)send("DELETE", "/sandbox/requests");
    EXPECT_TRUE(add({{{"name", "Audit__c"}, {"read_only", true}}}).output()["added"].empty());
    const Json requests = body_of(send("GET", "/sandbox/requests"))["value"];
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0]["method"], "GET");
}

TEST_F(Layouts, GetWhatTheSectionLacksIntoIt) {
    add({{{"name", "Audit__c"}}});
    add({{{"name", "Audit__c"}}, {{"name", "Name"}}, {{"name", "Referral_Link__c"}}});
    const Json section = sections().back();
    EXPECT_EQ(section["label"], "Partner Center");
    ASSERT_EQ(section["fields"].size(), 2U) << dump(section);
    EXPECT_EQ(section["fields"][1]["name"], "Referral_Link__c");
}

TEST_F(Layouts, TakeTheRightToCustomizeAndFieldsThatAreThere) {
    const test::Conversation unknown = add({{{"name", "None__c"}}});
    ASSERT_TRUE(unknown.is_failed());
    EXPECT_NE(unknown.error().message.find("Opportunity.None__c"), std::string::npos)
        << unknown.error().message;
    control("rights", {{"name", Sandbox::kIntegrationUser}, {"deny", {"Customize Application"}}});
    const test::Conversation refused = add({{{"name", "Audit__c"}}});
    ASSERT_TRUE(refused.is_failed());
    EXPECT_EQ(refused.error().http_status, 403);
}

TEST_F(Layouts, StayInTheStateFile) {
    const tests::TempFolder folder;
    Sandbox::Options options;
    options.state_file = folder.file("state.json");
    make_sandbox(options);
    add({{{"name", "Audit__c"}}});
    sandbox.reset();  // writes what it has not written yet
    make_sandbox(options);
    EXPECT_EQ(sections().back()["label"], "Partner Center");
}

}  // namespace
}  // namespace tideway::connectors::salesforce
