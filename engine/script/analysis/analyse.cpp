#include <set>
#include <vector>

#include "engine/script/analysis/call_check.h"
#include "engine/script/analysis/lint.h"
#include "engine/script/analysis/outliner.h"
#include "engine/script/analysis/table_check.h"
#include "engine/script/outline.h"
#include "engine/script/syntax/lua_walk.h"

namespace tideway::script {
namespace {

using analysis::SourceFile;
using analysis::Sources;
using Kind = Expression::Kind;

// The Lua files that `file` requires, directly.
std::vector<const SourceFile*> required(const SourceFile& file, const Sources& sources) {
    std::vector<const SourceFile*> out;
    LuaVisitor visitor;
    visitor.statement = [](const Statement&) {};
    visitor.expression = [&out, &sources](const Expression& at) {
        if (at.kind == Kind::kCall && at.parts.size() == 2 && at.parts[0]->kind == Kind::kName &&
            at.parts[0]->local == kNoLocal && at.parts[0]->text == "require" &&
            at.parts[1]->kind == Kind::kString) {
            const SourceFile* found = sources.find(sources.path_of_module(at.parts[1]->text));
            if (found != nullptr) {
                out.push_back(found);
            }
        }
        return true;
    };
    walk(file.chunk.body, visitor);
    return out;
}

// The main file first, then what it requires, and so on; each once.
std::vector<const SourceFile*> reachable(const SourceFile& main, const Sources& sources) {
    std::vector<const SourceFile*> out = {&main};
    std::set<const SourceFile*> seen = {&main};
    for (std::size_t i = 0; i < out.size(); ++i) {
        for (const SourceFile* next : required(*out[i], sources)) {
            if (seen.insert(next).second) {
                out.push_back(next);
            }
        }
    }
    return out;
}

std::vector<std::string> listed(const std::set<std::string>& names) {
    return {names.begin(), names.end()};
}

}  // namespace

Analysis analyse(
    std::string_view main_file,
    const std::map<std::string, std::string>& files,
    const std::map<std::string, const model::ConnectorSpec*>* connections
) {
    const std::string main_path(main_file);
    Analysis out;
    analysis::Findings findings;
    analysis::Mentions mentions;
    const Sources sources(files);
    analysis::CallCheck check(sources, connections, findings, mentions);
    for (const auto& [path, error] : sources.errors()) {
        findings.add(
            path, error.at, {.code = "syntax", .message = error.message, .suggestion = ""}
        );
    }
    const SourceFile* main = sources.find(main_file);
    if (main != nullptr) {
        for (const SourceFile* file : reachable(*main, sources)) {
            const auto role =
                file == main ? analysis::FileRole::kFlow : analysis::FileRole::kLibrary;
            analysis::lint(*file, role, sources, check);
        }
        const Expression* table = analysis::flow_table(*main, sources);
        const Expression* run = table == nullptr ? nullptr : analysis::field_value(*table, "run");
        if (run != nullptr) {
            out.outline = analysis::outline(*run, *main, sources, check);
        }
    } else if (!files.contains(main_path)) {
        findings.add(
            main_path,
            {1, 1},
            {.code = "no-file", .message = "the pack has no file " + main_path, .suggestion = ""}
        );
    }
    out.connections = listed(mentions.connections);
    out.variables = listed(mentions.variables);
    out.children = listed(mentions.children);
    out.findings = findings.take(main_path);
    return out;
}

}  // namespace tideway::script
