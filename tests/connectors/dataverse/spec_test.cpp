#include <gtest/gtest.h>

#include "connectors/dataverse/dataverse_connector.h"
#include "tests/support/connector_call.h"

namespace tideway::connectors::dataverse {
namespace {

TEST(DataverseSpec, EveryOperationIsImplementedAndProbedAsItSays) {
    const test::ConnectorUnderTest tested("dataverse", make_connector(), Json::object());
    test::expect_the_operations_of_its_spec(tested, 20, {"dataverse"});
}

TEST(DataverseSpec, NothingBeyondTheSpecIsImplemented) {
    test::expect_no_operation(*make_connector(), "truncate_table");
}

}  // namespace
}  // namespace tideway::connectors::dataverse
