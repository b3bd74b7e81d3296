#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::partner_center {
namespace {

TEST(PartnerCenterSpec, EveryOperationIsImplementedAndProbedAsItSays) {
    const test::ConnectorUnderTest tested("partner_center", make_connector(), Json::object());
    test::expect_the_operations_of_its_spec(tested, 11, {"referrals", "webhooks"});
}

TEST(PartnerCenterSpec, NothingBeyondTheSpecIsImplemented) {
    test::expect_no_operation(*make_connector(), "delete_referral");
}

TEST(PartnerCenterSpec, TheNetworkRuleAdmitsTheServicesAndTheCertificateHostsOnly) {
    const auto policy = make_connector()->network_policy(
        {{"base_url", "https://referrals.contoso.example"},
         {"certificate_hosts", {"*.contoso.example"}}}
    );
    EXPECT_EQ(
        policy.allowed_hosts,
        (std::vector<std::string>{
            "*.contoso.example",
            "referrals.contoso.example",
            "api.partnercenter.microsoft.com",
            "login.microsoftonline.com"})
    );
    EXPECT_FALSE(policy.allow_private);
}

}  // namespace
}  // namespace tideway::connectors::partner_center
