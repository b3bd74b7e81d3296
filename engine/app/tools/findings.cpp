#include "engine/app/tools/findings.h"

#include <algorithm>

#include "engine/app/tools/tool_run.h"
#include "engine/runtime/tools/preflights.h"

namespace tideway::app {

using runtime::is_problem;

Json findings_of(const Json& run) {
    return output_list(run, "findings");
}

int problems_in(const Json& findings) {
    return static_cast<int>(std::ranges::count_if(findings, is_problem));
}

void print_tool_findings(std::ostream& out, const Json& findings, FindingsShown shown) {
    for (const Json& finding : findings) {
        if (shown == FindingsShown::kProblems && !is_problem(finding)) {
            continue;
        }
        out << (is_problem(finding)                  ? "problem  "
                : bool_or(finding, "warning", false) ? "warning  "
                                                     : "ok       ")
            << string_or(finding, "check") << "  " << string_or(finding, "message") << "\n";
        if (const std::string remedy = string_or(finding, "remedy"); !remedy.empty()) {
            out << "         " << remedy << "\n";
        }
    }
}

}  // namespace tideway::app
