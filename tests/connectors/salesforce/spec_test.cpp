#include <gtest/gtest.h>

#include "connectors/salesforce/salesforce_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::salesforce {
namespace {

TEST(SalesforceSpec, EveryOperationIsImplementedAndProbedAsItSays) {
    const test::ConnectorUnderTest tested("salesforce", make_connector(), Json::object());
    test::expect_the_operations_of_its_spec(tested, 20, {"salesforce"});
}

TEST(SalesforceSpec, EveryTriggerPolls) {
    const test::ConnectorUnderTest crm("salesforce", make_connector(), Json::object());
    ASSERT_FALSE(crm.spec.triggers.empty());
    for (const model::TriggerSpec& trigger : crm.spec.triggers) {
        EXPECT_NE(crm.connector().poll(trigger, {}), nullptr) << trigger.id;
    }
}

TEST(SalesforceSpec, NothingBeyondTheSpecIsImplemented) {
    const auto connector = make_connector();
    test::expect_no_operation(*connector, "execute_apex");
    EXPECT_EQ(connector->poll(model::TriggerSpec(), {}), nullptr);
}

TEST(SalesforceSpec, ReadsWhatIsLeftOfTheDaysRequests) {
    const auto connector = make_connector();
    const auto quota = connector->quota({{"Sforce-Limit-Info", "api-usage=1034/115000"}});
    ASSERT_TRUE(quota);
    EXPECT_EQ(quota->remaining, 113'966);
    EXPECT_EQ(quota->window, std::chrono::hours(24));
    const auto both = connector->quota(
        {{"Sforce-Limit-Info", "per-app-api-usage=17/250(appName=x); api-usage=1/9"}}
    );
    ASSERT_TRUE(both);
    EXPECT_EQ(both->remaining, 8);
    EXPECT_FALSE(connector->quota({{"Sforce-Limit-Info", "per-app-api-usage=17/250"}}));
    EXPECT_FALSE(connector->quota({{"Sforce-Limit-Info", "api-usage=/"}}));
    EXPECT_FALSE(connector->quota({}));
}

TEST(SalesforceSpec, ADayWithoutRequestsStandsForThrottling) {
    const auto connector = make_connector();
    const std::string used_up =
        R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}])";
    EXPECT_EQ(connector->status_of(test::answer(403, used_up)), 429);
    EXPECT_EQ(
        connector->status_of(test::answer(403, R"([{"errorCode":"API_DISABLED_FOR_ORG"}])")), 403
    );
    EXPECT_EQ(connector->status_of(test::answer(200, "{}")), 200);
}

}  // namespace
}  // namespace tideway::connectors::salesforce
