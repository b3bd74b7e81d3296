#include "engine/runtime/drafts/finding_json.h"

namespace tideway::runtime {

Json to_json(const script::Finding& finding) {
    const bool is_error = finding.severity == script::Finding::Severity::kError;
    Json out = {
        {"severity", is_error ? "error" : "warning"},
        {"code", finding.code},
        {"file", finding.file},
        {"line", finding.line},
        {"column", finding.column},
        {"message", finding.message},
    };
    if (!finding.suggestion.empty()) {
        out["suggestion"] = finding.suggestion;
    }
    return out;
}

Json to_json(const std::vector<script::Finding>& findings) {
    Json out = Json::array();
    for (const script::Finding& finding : findings) {
        out.push_back(to_json(finding));
    }
    return out;
}

}  // namespace tideway::runtime
