#include "engine/script/analysis/lint.h"

#include <algorithm>
#include <set>

#include "engine/script/analysis/scope_lint.h"
#include "engine/script/analysis/table_check.h"
#include "engine/script/syntax/lua_walk.h"

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;
constexpr auto kWarning = Finding::Severity::kWarning;

bool is_global(const Expression& expression) {
    return expression.kind == Kind::kName && expression.local == kNoLocal;
}

class Lint {
  public:
    Lint(const SourceFile& file, FileRole role, const Sources& sources, CallCheck& check)
        : file_(file),
          role_(role),
          sources_(sources),
          check_(check),
          frame_(sources.root(file)),
          flow_(role == FileRole::kFlow ? flow_table(file, sources) : nullptr) {}

    void run() {
        collect_assigned_globals();
        LuaVisitor visitor;
        visitor.expression = [this](const Expression& at) { return look_at(at); };
        visitor.statement = [this](const Statement& at) { look_at(at); };
        walk(file_.chunk.body, visitor);
        unused_locals();
        lint_scopes(file_.chunk, [this](Position at, Findings::Note note) {
            add(at, std::move(note));
        });
        if (role_ == FileRole::kFlow) {
            check_flow(flow_);
        }
    }

  private:
    void add(Position at, Findings::Note note) { check_.add(frame_, at, std::move(note)); }

    void collect_assigned_globals() {
        LuaVisitor visitor;
        visitor.expression = [](const Expression&) { return true; };
        visitor.statement = [this](const Statement& at) {
            for (const ExpressionPtr& target : at.targets) {
                if (is_global(*target)) {
                    assigned_.insert(target->text);
                }
            }
        };
        walk(file_.chunk.body, visitor);
    }

    void look_at(const Statement& at) {
        for (const ExpressionPtr& target : at.targets) {
            if (is_global(*target)) {
                add(target->at,
                    {.severity = kWarning,
                     .code = "global-assignment",
                     .message = "'" + target->text +
                                "' becomes a global of the whole run; write 'local' in front of it "
                                "where it is declared",
                     .suggestion = "local " + target->text});
            }
        }
    }

    // False: its parts have been looked at.
    bool look_at(const Expression& at) {
        if (is_global(at)) {
            global_name(at);
        } else if (at.kind == Kind::kIndex) {
            return index(at);
        } else if (at.kind == Kind::kCall) {
            check_.call(
                at, sources_.resolve(*at.parts[0], frame_), frame_, Parameters::kMayBeLiterals
            );
        } else if (at.kind == Kind::kMethodCall) {
            return method_call(at);
        } else if (at.kind == Kind::kTable) {
            duplicate_keys(at, &at == flow_ ? Finding::Severity::kError : kWarning);
        }
        return true;
    }

    void duplicate_keys(const Expression& table, Finding::Severity severity) {
        std::set<std::string> seen;
        for (const TableField& field : table.fields) {
            if (!field.key || field.key->kind != Kind::kString ||
                seen.insert(field.key->text).second) {
                continue;
            }
            add(field.at,
                {.severity = severity,
                 .code = "duplicate-field",
                 .message = "the field '" + field.key->text +
                            "' stands twice in this table; only the last one counts",
                 .suggestion = ""});
        }
    }

    bool unavailable(const std::string& name, Position at) {
        const UnavailableName* found = find_unavailable_name(name);
        if (found == nullptr || assigned_.contains(name)) {
            return false;
        }
        add(at,
            {.code = "unavailable",
             .message =
                 "'" + name + "' does not exist in flows; use " + std::string(found->instead),
             .suggestion = std::string(found->instead)});
        return true;
    }

    void global_name(const Expression& name) {
        if (is_language_name(name.text) || assigned_.contains(name.text) ||
            unavailable(name.text, name.at)) {
            return;
        }
        add(name.at,
            {.code = "unknown-name",
             .message =
                 "'" + name.text + "' is neither a local variable nor a word of the language",
             .suggestion = nearest_name(name.text, names_near())});
    }

    // Top-level words of the language and the file's locals.
    std::vector<std::string> names_near() const {
        std::set<std::string> names(assigned_.begin(), assigned_.end());
        for (const LanguageFunction& function : language_functions()) {
            names.emplace(function.name.substr(0, function.name.find('.')));
        }
        for (const std::string_view value : language_values()) {
            names.emplace(value.substr(0, value.find('.')));
        }
        for (const Local& local : file_.chunk.locals) {
            names.insert(local.name);
        }
        return {names.begin(), names.end()};
    }

    bool index(const Expression& at) {
        const Expression& object = *at.parts[0];
        const Expression& key = *at.parts[1];
        if (is_global(object) && key.kind == Kind::kString && !assigned_.contains(object.text)) {
            return !library_field(object, key.text, at.at);
        }
        const Meaning meaning = sources_.resolve(at, frame_);
        if (meaning.kind == Meaning::Kind::kOperation) {
            check_.operation_name(at, meaning, frame_);
        }
        return true;
    }

    // True when nothing more is to be said of the object's name.
    bool library_field(const Expression& object, const std::string& key, Position at) {
        const std::string full = object.text + "." + key;
        if (unavailable(full, at) || unavailable(object.text, at)) {
            return true;
        }
        if (!is_language_table(object.text)) {
            return false;
        }
        if (is_language_name(full) || (object.text == "trigger" && check_.is_trigger(key))) {
            return true;
        }
        add(at,
            {.code = "unknown-name",
             .message = "'" + object.text + "' has no '" + key + "'",
             .suggestion = nearest_name(full, names_in(object.text))});
        return true;
    }

    static std::vector<std::string> names_in(const std::string& table) {
        std::vector<std::string> names;
        for (const LanguageFunction& function : language_functions()) {
            if (function.name.starts_with(table + ".")) {
                names.emplace_back(function.name);
            }
        }
        return names;
    }

    bool method_call(const Expression& at) {
        const Expression& object = *at.parts[0];
        const Meaning meaning = sources_.resolve(object, frame_);
        const bool connection = meaning.kind == Meaning::Kind::kConnection;
        if (!connection && !(is_global(object) && is_language_table(object.text))) {
            return true;
        }
        add(at.at,
            {.code = "method-call",
             .message = (connection ? "an operation" : "a function of '" + object.text + "'") +
                        " is called with a dot, not with a colon",
             .suggestion = (object.kind == Kind::kName ? object.text : "") + "." + at.text});
        return true;
    }

    void unused_locals() {
        for (const Local& local : file_.chunk.locals) {
            const bool declared =
                local.kind == LocalKind::kLocal || local.kind == LocalKind::kFunction;
            if (!declared || local.reads > 0 || local.name.starts_with('_')) {
                continue;
            }
            add(local.at,
                {.severity = kWarning,
                 .code = "unused-local",
                 .message =
                     "'" + local.name +
                     (local.assignments > 0 ? "' is assigned but never read" : "' is never used"),
                 .suggestion = ""});
        }
    }

    void check_flow(const Expression* table) {
        if (table == nullptr) {
            const Position end{1, 1};
            add(file_.chunk.body.empty() ? end : file_.chunk.body.back().at,
                {.code = "no-flow",
                 .message =
                     "the file of a flow ends with: return flow { title = ..., trigger = ..., "
                     "run = function(event) ... end }",
                 .suggestion = ""});
            return;
        }
        const auto fields = flow_fields();
        const std::vector<std::string> known(fields.begin(), fields.end());
        for (const TableField& field : table->fields) {
            const bool literal = field.key && field.key->kind == Kind::kString;
            if (literal && std::ranges::find(known, field.key->text) != known.end()) {
                continue;
            }
            const std::string name = literal ? field.key->text : "?";
            add(field.at,
                {.code = "unknown-field",
                 .message = "flow has no field '" + name +
                            "'; it has title, description, trigger, run, retry and timeout",
                 .suggestion = nearest_name(name, known)});
        }
        for (const char* name : {"title", "trigger", "run"}) {
            if (field_value(*table, name) == nullptr) {
                add(table->at,
                    {.code = "missing-field",
                     .message = std::string("flow needs the field '") + name + "'",
                     .suggestion = std::string(name) + " = ..."});
            }
        }
    }

    const SourceFile& file_;
    FileRole role_;
    const Sources& sources_;
    CallCheck& check_;
    const Frame& frame_;
    const Expression* flow_;  // the table given to flow{}, or null
    std::set<std::string> assigned_;
};

}  // namespace

const Expression* flow_table(const SourceFile& file, const Sources& sources) {
    if (file.chunk.body.empty()) {
        return nullptr;
    }
    const Statement& last = file.chunk.body.back();
    if (last.kind != Statement::Kind::kReturn || last.values.size() != 1) {
        return nullptr;
    }
    const Frame& frame = sources.root(file);
    const Expression& call = Sources::follow(*last.values[0], frame);
    if (call.kind != Kind::kCall || call.parts.size() != 2 || !is_global(*call.parts[0]) ||
        call.parts[0]->text != "flow") {
        return nullptr;
    }
    const Expression& table = Sources::follow(*call.parts[1], frame);
    return table.kind == Kind::kTable ? &table : nullptr;
}

void lint(const SourceFile& file, FileRole role, const Sources& sources, CallCheck& check) {
    Lint(file, role, sources, check).run();
}

}  // namespace tideway::script::analysis
