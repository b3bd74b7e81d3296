// Tests that hold for each CRM: "With/Faults.…/Salesforce".
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/crash/crm.h"

namespace tideway::tests {

inline auto both_crms() {
    return testing::Values(CrmKind::kDynamics365, CrmKind::kSalesforce);
}

inline std::string name_of_crm(const testing::TestParamInfo<CrmKind>& each) {
    return to_string(each.param);
}

}  // namespace tideway::tests
