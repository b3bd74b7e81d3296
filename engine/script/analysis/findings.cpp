#include "engine/script/analysis/findings.h"

#include <algorithm>
#include <utility>

namespace tideway::script::analysis {

void Findings::add(const std::string& file, Position at, Note note) {
    if (findings_.size() >= kFindingsMax ||
        !seen_.emplace(file, at.line, at.column, note.code, note.message).second) {
        return;
    }
    Finding finding;
    finding.severity = note.severity;
    finding.code = std::move(note.code);
    finding.file = file;
    finding.line = at.line;
    finding.column = at.column;
    finding.message = std::move(note.message);
    finding.suggestion = std::move(note.suggestion);
    findings_.push_back(std::move(finding));
}

std::vector<Finding> Findings::take(const std::string& main_file) {
    const auto rank = [&main_file](const Finding& finding) {
        return std::tuple<bool, const std::string&, int, int>(
            finding.file != main_file, finding.file, finding.line, finding.column
        );
    };
    std::stable_sort(
        findings_.begin(),
        findings_.end(),
        [&rank](const Finding& a, const Finding& b) { return rank(a) < rank(b); }
    );
    return std::move(findings_);
}

}  // namespace tideway::script::analysis
