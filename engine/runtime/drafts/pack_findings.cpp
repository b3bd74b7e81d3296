#include "engine/runtime/drafts/pack_findings.h"

#include <algorithm>
#include <iterator>

#include "engine/runtime/drafts/data_findings.h"
#include "engine/script/analysis/pack_names.h"

namespace tideway::runtime {
namespace {

script::PackNames names_of(const Pack& pack) {
    script::PackNames names;
    for (const PackVariable& variable : pack.variables) {
        names.variables.insert(variable.name);
    }
    names.flows.insert(pack.flows.begin(), pack.flows.end());
    return names;
}

}  // namespace

script::Finding finding_of(const Error& error, const std::string& file) {
    script::Finding finding;
    finding.code = error.code;
    finding.file = file;
    finding.message = error.message;
    finding.suggestion = error.remedy;
    if (const auto details = parse_json(error.details, "details")) {
        finding.file = string_or(*details, "file", finding.file);
        finding.line = static_cast<int>(int_or(*details, "line", 0));
        finding.column = static_cast<int>(int_or(*details, "column", 0));
    }
    return finding;
}

std::vector<script::Finding> pack_findings(const Pack& pack) {
    std::vector<script::Finding> out = script::check_names(pack.files, names_of(pack));
    for (const auto& [file, text] : pack.files) {
        if (!file.ends_with(".json")) {
            continue;
        }
        if (const auto parsed = parse_json(text, file); !parsed) {
            out.push_back(finding_of(parsed.error(), file));
        }
    }
    std::ranges::move(data_findings(pack), std::back_inserter(out));
    return out;
}

}  // namespace tideway::runtime
