#include "tests/crash/crm.h"

namespace tideway::tests {

const char* to_string(CrmKind kind) {
    return kind == CrmKind::kDynamics365 ? "Dynamics365" : "Salesforce";
}

std::unique_ptr<Crm> make_crm(CrmKind kind, const app::Sandboxes& sandboxes, SandboxCalls& calls) {
    return kind == CrmKind::kDynamics365 ? make_dynamics365(sandboxes, calls)
                                         : make_salesforce(sandboxes, calls);
}

std::string unmarked(const std::string& name) {
    constexpr std::string_view kCheckMark = "\xE2\x9C\x93 ";
    return name.starts_with(kCheckMark) ? name.substr(kCheckMark.size()) : name;
}

}  // namespace tideway::tests
