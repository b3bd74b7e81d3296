// Fields made by the Tooling API: the connector against the sandbox.
#include <gtest/gtest.h>

#include "tests/connectors/salesforce/sandbox_fixture.h"
#include "tests/support/temp_folder.h"

namespace tideway::connectors::salesforce {
namespace {

class CustomFields : public SandboxTest {
  protected:
    test::Conversation& run(test::Conversation& talk) {
        for (int i = 0; i < 20 && talk.is_asking(); ++i) {
            const http::Request& request = talk.request();
            const auto url = http::parse_url(request.url).value();
            http::Headers headers = request.headers;
            headers.set("Authorization", "Bearer " + token);
            talk.hears(send(
                request.method,
                url.path + (url.query.empty() ? "" : "?" + url.query),
                request.body,
                headers
            ));
        }
        return talk;
    }

    test::Conversation make(const Json& input) {
        test::Conversation talk = crm_.start("create_field", input);
        run(talk);
        return talk;
    }

    Json described(const std::string& name) {
        const Json object = body_of(api("GET", "sobjects/Opportunity/describe"));
        for (const Json& field : object["fields"]) {
            if (field["name"] == name) {
                return field;
            }
        }
        return {};
    }

    // Shows a field of opportunities to the connection's user.
    void show(const char* name, bool may_edit) {
        const std::string set =
            create("PermissionSet", {{"Name", "Co_sell"}, {"Label", "Co-sell"}});
        const Json me = body_of(
            send("GET", "/services/oauth2/userinfo", "", {{"Authorization", "Bearer " + token}})
        );
        create(
            "PermissionSetAssignment", {{"PermissionSetId", set}, {"AssigneeId", me["user_id"]}}
        );
        create(
            "FieldPermissions",
            {{"ParentId", set},
             {"SobjectType", "Opportunity"},
             {"Field", std::string("Opportunity.") + name},
             {"PermissionsRead", true},
             {"PermissionsEdit", may_edit}}
        );
    }

    static Json field(const char* name, const char* type) {
        return {{"object", "Opportunity"}, {"name", name}, {"label", "Field"}, {"type", type}};
    }

    test::ConnectorUnderTest crm_{"salesforce", make_connector(), {{"base_url", kBase}}};
};

TEST_F(CustomFields, ThatWereMadeAreSeenOnceAPermissionSetShowsThem) {
    control("co_sell", {{"fields", false}});
    Json referral = field("Referral_Identifier__c", "text");
    referral["external_id"] = true;
    referral["length"] = 100;
    EXPECT_EQ(make(referral).output()["name"], "Referral_Identifier__c");
    EXPECT_TRUE(described("Referral_Identifier__c").is_null());
    show("Referral_Identifier__c", false);
    const Json seen = described("Referral_Identifier__c");
    EXPECT_EQ(seen["type"], "string");
    EXPECT_EQ(seen["length"], 100);
    EXPECT_EQ(seen["externalId"], true);
    EXPECT_EQ(seen["updateable"], false);
}

TEST_F(CustomFields, TakeValues) {
    control("co_sell", {{"fields", false}});
    Json help = field("How_can_Microsoft_help__c", "picklist");
    help["values"] = {"General or Other"};
    make(help);
    Json deal = opportunity("Pilot");
    deal["How_can_Microsoft_help__c"] = "General or Other";
    const std::string id = create("Opportunity", deal);
    const Json record = body_of(api("GET", "sobjects/Opportunity/" + id));
    EXPECT_EQ(record["How_can_Microsoft_help__c"], "General or Other");
}

TEST_F(CustomFields, ThatAreThereAlreadyAreFineAndOfAnotherTypeRefused) {
    EXPECT_EQ(make(field("Audit__c", "long_text")).output()["name"], "Audit__c");
    const test::Conversation other = make(field("Audit__c", "checkbox"));
    ASSERT_TRUE(other.is_failed());
    EXPECT_EQ(other.error().code, "BadRequest");
    EXPECT_NE(other.error().message.find("already a field named"), std::string::npos)
        << other.error().message;
}

TEST_F(CustomFields, AreLookedForAfterADoubt) {
    test::Conversation there = crm_.probe("create_field", field("Audit__c", "long_text"));
    EXPECT_EQ(run(there).output()["found"], true);
    test::Conversation none = crm_.probe("create_field", field("None__c", "long_text"));
    EXPECT_EQ(run(none).output()["found"], false);
}

TEST_F(CustomFields, TakeTheRightToCustomize) {
    control("rights", {{"name", Sandbox::kIntegrationUser}, {"deny", {"Customize Application"}}});
    const test::Conversation refused = make(field("More__c", "text"));
    ASSERT_TRUE(refused.is_failed());
    EXPECT_EQ(refused.error().http_status, 403);
    const Json mine =
        body_of(query_answer("SELECT PermissionsCustomizeApplication FROM UserPermissionAccess"));
    EXPECT_EQ(mine["records"][0]["PermissionsCustomizeApplication"], false);
}

TEST_F(CustomFields, StayInTheStateFile) {
    const tests::TempFolder folder;
    Sandbox::Options options;
    options.state_file = folder.file("state.json");
    make_sandbox(options);
    control("co_sell", {{"fields", false}});
    make(field("Kept__c", "text"));
    show("Kept__c", true);
    sandbox.reset();  // writes what it has not written yet
    make_sandbox(options);
    EXPECT_EQ(described("Kept__c")["updateable"], true);
    EXPECT_TRUE(described("Audit__c").is_null());
}

}  // namespace
}  // namespace tideway::connectors::salesforce
