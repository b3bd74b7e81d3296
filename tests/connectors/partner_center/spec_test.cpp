#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::partner_center {
namespace {

TEST(PartnerCenterSpec, EveryOperationIsImplementedAndProbedAsItSays) {
    const test::ConnectorUnderTest pc("partner_center", make_connector(), Json::object());
    ASSERT_EQ(pc.spec.operations.size(), 11U);
    for (const model::OperationSpec& operation : pc.spec.operations) {
        const connector::Call call = pc.call(operation.id, Json::object());
        EXPECT_NE(pc.connector().start(call), nullptr) << operation.id;
        EXPECT_EQ(pc.connector().probe(call) != nullptr, operation.has_probe) << operation.id;
        EXPECT_FALSE(operation.title.empty()) << operation.id;
        EXPECT_FALSE(operation.summary.empty()) << operation.id;
        EXPECT_TRUE(pc.spec.audiences.contains(operation.audience)) << operation.id;
    }
}

TEST(PartnerCenterSpec, NothingBeyondTheSpecIsImplemented) {
    const auto connector = make_connector();
    model::OperationSpec unknown;
    unknown.id = "delete_referral";
    connector::Call call;
    call.operation = &unknown;
    EXPECT_EQ(connector->start(call), nullptr);
    EXPECT_EQ(connector->probe(call), nullptr);
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
