#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

TEST(DataverseSpec, EveryOperationIsImplementedAndProbedAsItSays) {
    const test::ConnectorUnderTest crm("dataverse", make_connector(), Json::object());
    ASSERT_EQ(crm.spec.operations.size(), 14U);
    for (const model::OperationSpec& operation : crm.spec.operations) {
        const connector::Call call = crm.call(operation.id, Json::object());
        EXPECT_NE(crm.connector().start(call), nullptr) << operation.id;
        EXPECT_EQ(crm.connector().probe(call) != nullptr, operation.has_probe) << operation.id;
        EXPECT_FALSE(operation.title.empty()) << operation.id;
        EXPECT_FALSE(operation.summary.empty()) << operation.id;
        EXPECT_EQ(operation.audience, "dataverse") << operation.id;
    }
}

TEST(DataverseSpec, NothingBeyondTheSpecIsImplemented) {
    const auto connector = make_connector();
    model::OperationSpec unknown;
    unknown.id = "truncate_table";
    connector::Call call;
    call.operation = &unknown;
    EXPECT_EQ(connector->start(call), nullptr);
    EXPECT_EQ(connector->probe(call), nullptr);
}

}  // namespace
}  // namespace tideway::connectors::dataverse
