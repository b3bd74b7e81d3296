// The CRM beside Partner Center, as the scenarios of every co-sell pack need it: its sandbox, what
// a seller does there, and what a test sees of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/app/api_client.h"
#include "engine/app/sandboxes.h"
#include "tests/crash/sandbox_calls.h"

namespace tideway::tests {

enum class CrmKind { kDynamics365, kSalesforce };

const char* to_string(CrmKind kind);  // as names of tests have it

// An opportunity, whatever its columns are called.
struct SeenOpportunity {
    std::string id;
    std::string name;      // without the check mark of a synchronized one
    std::string referral;  // empty: of no deal
    Json value;
    Json closing_date;
};

// What API clients wrote.
struct CrmWrites {
    int opportunities_made = 0;
    int opportunities_changed = 0;
    int customers_made = 0;
};

// What a sandbox's fault is for: {"method", "path"}.
struct CrmRequests {
    Json create_opportunity;
    Json update_opportunity;
    Json any;
};

// Thread: one. Everything blocks.
class Crm {
  public:
    struct Pack {
        std::string name;       // of its folder
        std::string inbound;    // the flow that Partner Center's events start
        std::string connector;  // to the CRM
        std::string reference;  // by which the pack names its connection
    };

    virtual ~Crm() = default;

    virtual const Pack& pack() const = 0;
    virtual const CrmRequests& requests() const = 0;

    // The control API of its sandbox.
    virtual Result<Json> control(
        const std::string& method, const std::string& path, const Json& body = {}
    ) = 0;
    // No faults, empty logs; of what was saved before the server does not hear any more.
    virtual Status begin() = 0;
    // A sign-in, or a session that nobody uses, is good for this long from now on.
    virtual Status end_sign_ins_after(std::chrono::seconds lifetime) = 0;

    // --- what a seller does
    virtual Result<std::string> new_opportunity(const std::string& name) = 0;  // with Sync and help
    virtual Status change_value(const std::string& opportunity, double value) = 0;

    // --- what is there
    virtual Result<std::vector<SeenOpportunity>> opportunities() = 0;
    virtual Result<CrmWrites> writes() = 0;  // since begin()

    // Nothing more is saved: from now on told() knows when the server has heard of everything.
    virtual Status end_of_saves() = 0;
    // How much the server was told; empty while something is on its way.
    virtual Result<std::string> told(app::ApiClient& server) = 0;
};

// Both are borrowed.
std::unique_ptr<Crm> make_dynamics365(const app::Sandboxes& sandboxes, SandboxCalls& calls);
std::unique_ptr<Crm> make_salesforce(const app::Sandboxes& sandboxes, SandboxCalls& calls);

std::unique_ptr<Crm> make_crm(CrmKind kind, const app::Sandboxes& sandboxes, SandboxCalls& calls);

// A name as Partner Center has it, without the check mark of a synchronized opportunity.
std::string unmarked(const std::string& name);

}  // namespace tideway::tests
