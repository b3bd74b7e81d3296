#include "engine/script/analysis/pack_names.h"

#include <string_view>

#include "engine/script/language.h"
#include "engine/script/syntax/lua_parser.h"
#include "engine/script/syntax/lua_walk.h"

namespace tideway::script {
namespace {

using Kind = Expression::Kind;

// One kind of name: which argument of which function it is.
struct NameUse {
    std::string_view function;
    std::size_t part;  // of the call
    std::string_view code;
    std::string_view what;
    std::string_view remedy;
};

constexpr NameUse kVariable{
    "env", 1, "unknown-variable", "environment variable", "add it to \"variables\" in pack.json"};
constexpr NameUse kFlow{"run_child_flow", 2, "unknown-flow", "flow", "flows are files of the pack"};

// The literal at its place, when the call is one of that function; else null.
const Expression* name_in(const Expression& call, const NameUse& use) {
    const bool is_call = call.kind == Kind::kCall && call.parts.size() > use.part;
    if (!is_call || call.parts[0]->kind != Kind::kName || call.parts[0]->local != kNoLocal ||
        call.parts[0]->text != use.function || call.parts[use.part]->kind != Kind::kString) {
        return nullptr;
    }
    return call.parts[use.part].get();
}

Finding unknown(
    const std::string& file,
    const Expression& name,
    const NameUse& use,
    const std::set<std::string>& known
) {
    Finding finding;
    finding.severity = Finding::Severity::kWarning;
    finding.code = use.code;
    finding.file = file;
    finding.line = name.at.line;
    finding.column = name.at.column;
    finding.message = "the pack has no " + std::string(use.what) + " '" + name.text + "'; " +
                      std::string(use.remedy);
    finding.suggestion = nearest_name(name.text, {known.begin(), known.end()});
    return finding;
}

}  // namespace

std::vector<Finding> check_names(
    const std::map<std::string, std::string>& files, const PackNames& names
) {
    std::vector<Finding> out;
    for (const auto& [file, text] : files) {
        if (!file.ends_with(".lua")) {
            continue;
        }
        const ParseResult parsed = parse_lua(text);
        LuaVisitor visitor;
        visitor.statement = [](const Statement&) {};
        visitor.expression = [&](const Expression& at) {
            const Expression* variable = name_in(at, kVariable);
            if (variable != nullptr && !names.variables.contains(variable->text)) {
                out.push_back(unknown(file, *variable, kVariable, names.variables));
            }
            const Expression* flow = name_in(at, kFlow);
            // "pack/flow" is another pack's.
            const bool is_here = flow != nullptr && flow->text.find('/') == std::string::npos;
            if (is_here && !names.flows.contains(flow->text)) {
                out.push_back(unknown(file, *flow, kFlow, names.flows));
            }
            return true;
        };
        walk(parsed.chunk.body, visitor);
    }
    return out;
}

}  // namespace tideway::script
