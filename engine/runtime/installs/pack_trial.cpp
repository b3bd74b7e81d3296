// What a pack has to pass before it becomes live: the checker, and its own cases.
#include <utility>

#include "engine/runtime/drafts/pack_findings.h"
#include "engine/runtime/installs/pack_installer.h"
#include "engine/script/outline.h"

namespace tideway::runtime {

namespace {

std::string line_of(const script::Finding& finding) {
    return finding.file + ":" + std::to_string(finding.line) + ":" +
           std::to_string(finding.column) + ": " + finding.message +
           (finding.suggestion.empty() ? "" : " " + finding.suggestion);
}

void add_errors(const std::vector<script::Finding>& findings, std::vector<std::string>& out) {
    for (const script::Finding& finding : findings) {
        if (finding.severity == script::Finding::Severity::kError) {
            out.push_back(line_of(finding));
        }
    }
}

std::string line_of(const std::string& name, const CaseDifference& difference) {
    return "case " + name + ": " + difference.where + ": expected " + difference.expected +
           ", actual " + difference.actual;
}

}  // namespace

Result<std::vector<std::string>> check_pack(
    const Pack& pack, const std::vector<ConnectorText>& connectors
) {
    std::map<std::string, model::ConnectorSpec> specs;
    for (const ConnectorText& connector : connectors) {
        TIDEWAY_TRY_ASSIGN(specs[connector.id], model::parse_connector_spec(connector.spec_json));
    }
    std::map<std::string, const model::ConnectorSpec*> connections;
    for (const PackReference& reference : pack.references) {
        const auto spec = specs.find(reference.connector);
        if (spec != specs.end()) {
            connections[reference.name] = &spec->second;
        }
    }
    std::vector<std::string> out;
    add_errors(pack_findings(pack), out);
    for (const std::string& flow : pack.flows) {
        add_errors(script::analyse(flow + ".lua", pack.files_of(flow), &connections).findings, out);
    }
    return out;
}

Result<CaseTally> try_cases(
    const std::string& folder, const Pack& pack, const std::vector<ConnectorText>& connectors
) {
    TIDEWAY_TRY_ASSIGN(const auto runner, CaseRunner::create(connectors));
    TIDEWAY_TRY_ASSIGN(const auto names, list_cases(folder));
    CaseTally out;
    for (const std::string& name : names) {
        const auto test = read_case(folder, name, pack, runner->specs());
        const auto result = test ? runner->run(pack, *test) : fail(test.error());
        if (!result) {
            out.failed.push_back("case " + name + ": " + result.error().text());
            continue;
        }
        for (const CaseDifference& difference : result->differences) {
            out.failed.push_back(line_of(name, difference));
        }
        out.passed += result->differences.empty() ? 1 : 0;
    }
    return out;
}

}  // namespace tideway::runtime
