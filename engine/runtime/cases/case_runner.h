// Runs the cases of a pack: the real store, journal and Lua machine; connectors that answer from
// the case; a clock that does not wait.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/connector/registry.h"
#include "engine/runtime/cases/case.h"
#include "engine/runtime/cases/scripted_service.h"

namespace tideway::runtime {

// Something that is not as the case says.
struct CaseDifference {
    std::string where;  // "step Create line", "status", "effects", "answers"
    std::string expected;
    std::string actual;
};

struct CaseResult {
    std::vector<CaseDifference> differences;  // empty: it passed
    Duration took{0};                         // real time
};

struct ConnectorText {
    std::string id;
    std::string spec_json;
};

// Thread: the caller's; one case at a time. The packs of one runner do not change meanwhile.
class CaseRunner {
  public:
    // The connectors that packs may use, by their connector.json.
    static Result<std::unique_ptr<CaseRunner>> create(const std::vector<ConnectorText>& connectors);

    const ConnectorSpecs& specs() const { return specs_; }

    // Fails when the case cannot be run at all: the flow has errors, the disk is full.
    Result<CaseResult> run(const Pack& pack, const Case& test);

  private:
    CaseRunner() = default;

    Pack only_reachable(const Pack& pack, const std::string& flow);

    ScriptedService service_;
    std::unique_ptr<connector::Registry> registry_;
    ConnectorSpecs specs_;
    std::map<std::string, std::set<std::string>> reachable_;  // "pack/flow" -> what it may run
};

}  // namespace tideway::runtime
