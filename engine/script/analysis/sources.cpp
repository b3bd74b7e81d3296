#include "engine/script/analysis/sources.h"

#include <algorithm>

#include "engine/script/syntax/lua_walk.h"

namespace tideway::script::analysis {
namespace {

constexpr int kResolveStepsMax = 2000;       // of one expression; beyond it is "unknown"
constexpr std::size_t kTextBytesMax = 4096;  // of a text put together from literals
using Kind = Expression::Kind;

bool has_ending(std::string_view text, std::string_view ending) {
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

void note_member(SourceFile& file, const Expression& target, const Statement& statement) {
    if (target.kind != Kind::kIndex || target.parts[0]->kind != Kind::kName ||
        target.parts[0]->local == kNoLocal || target.parts[1]->kind != Kind::kString) {
        return;
    }
    const std::pair<LocalId, std::string> key{target.parts[0]->local, target.parts[1]->text};
    if (statement.kind == Statement::Kind::kFunction) {
        file.methods[key] = statement.function.get();
    } else if (statement.targets.size() == 1 && statement.values.size() == 1) {
        file.members[key] = statement.values[0].get();
    }
}

void note_members(SourceFile& file) {
    LuaVisitor visitor;
    visitor.expression = [](const Expression&) { return true; };
    visitor.statement = [&file](const Statement& statement) {
        for (const ExpressionPtr& target : statement.targets) {
            note_member(file, *target, statement);
        }
    };
    walk(file.chunk.body, visitor);
}

Meaning make(Meaning::Kind kind, std::string text = {}) {
    Meaning made;
    made.kind = kind;
    made.text = std::move(text);
    return made;
}

Meaning make_function(const Function& function, const Frame& frame) {
    Meaning made = make(Meaning::Kind::kFunction);
    made.function = &function;
    made.frame = &frame;
    made.file = frame.file;
    return made;
}

const Local& local_of(const Frame& frame, LocalId id) {
    return frame.file->chunk.locals[static_cast<std::size_t>(id)];
}

}  // namespace

struct Sources::Budget {
    int steps = kResolveStepsMax;
    int depth = 0;
};

Sources::Sources(const std::map<std::string, std::string>& files) {
    for (const auto& [path, text] : files) {
        if (has_ending(path, ".json")) {
            json_files_[path] = true;
        }
        if (!has_ending(path, ".lua")) {
            continue;
        }
        ParseResult parsed = parse_lua(text);
        if (parsed.error) {
            errors_[path] = *parsed.error;
            continue;
        }
        auto file = std::make_unique<SourceFile>();
        file->path = path;
        file->chunk = std::move(parsed.chunk);
        note_members(*file);
        roots_[path].file = file.get();
        files_[path] = std::move(file);
    }
}

const SourceFile* Sources::find(std::string_view path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second.get();
}

const Frame& Sources::root(const SourceFile& file) const {
    return roots_.find(file.path)->second;
}

std::string Sources::path_of_module(std::string_view name) const {
    std::string base(name);
    std::ranges::replace(base, '.', '/');
    if (files_.contains(base + ".lua") || errors_.contains(base + ".lua")) {
        return base + ".lua";
    }
    if (json_files_.contains(base + ".json")) {
        return base + ".json";
    }
    return json_files_.contains(name) ? std::string(name) : std::string();
}

Meaning Sources::resolve(const Expression& expression, const Frame& frame) const {
    Budget budget;
    return resolve(expression, frame, budget);
}

Meaning Sources::member(const Meaning& object, const std::string& name) const {
    Budget budget;
    return member(object, name, budget);
}

Meaning Sources::resolve(const Expression& expression, const Frame& frame, Budget& budget) const {
    constexpr int kDepthMax = 200;
    if (--budget.steps < 0 || budget.depth > kDepthMax) {
        return {};
    }
    ++budget.depth;
    Meaning out;
    switch (expression.kind) {
        case Kind::kString:
            out = make(Meaning::Kind::kText, expression.text);
            break;
        case Kind::kNumber:
            out = make(Meaning::Kind::kNumber, expression.text);
            break;
        case Kind::kParenthesis:
            out = resolve(*expression.parts[0], frame, budget);
            break;
        case Kind::kName:
            out = resolve_name(expression, frame, budget);
            break;
        case Kind::kIndex: {
            const Meaning key = resolve(*expression.parts[1], frame, budget);
            if (key.kind == Meaning::Kind::kText || key.kind == Meaning::Kind::kNumber) {
                out = member(resolve(*expression.parts[0], frame, budget), key.text, budget);
            }
            break;
        }
        case Kind::kCall:
            out = resolve_call(expression, frame, budget);
            break;
        case Kind::kFunction:
            out = make_function(*expression.function, frame);
            break;
        case Kind::kTable:
            out = make(Meaning::Kind::kTable);
            out.table = &expression;
            out.file = frame.file;
            out.frame = &frame;
            break;
        case Kind::kBinary:
            out = resolve_text(expression, frame, budget);
            break;
        case Kind::kNil:
        case Kind::kTrue:
        case Kind::kFalse:
        case Kind::kVararg:
        case Kind::kMethodCall:
        case Kind::kUnary:
            break;
    }
    --budget.depth;
    return out;
}

Meaning Sources::resolve_name(const Expression& name, const Frame& frame, Budget& budget) const {
    if (name.local == kNoLocal) {
        return make(Meaning::Kind::kLanguage, name.text);
    }
    const Local& local = local_of(frame, name.local);
    if (local.assignments > 0) {
        return {};
    }
    for (const Frame* at = &frame; at != nullptr; at = at->outer) {
        const auto bound = at->bindings.find(name.local);
        if (bound != at->bindings.end()) {
            return bound->second;
        }
    }
    if (local.kind == LocalKind::kParameter) {
        return make(Meaning::Kind::kParameter, local.name);
    }
    if (local.function != nullptr) {
        return make_function(*local.function, frame);
    }
    if (local.value == nullptr) {
        return {};
    }
    Meaning out = resolve(*local.value, frame, budget);
    if (out.kind == Meaning::Kind::kTable && out.owner == kNoLocal) {
        out.owner = name.local;
    }
    return out;
}

Meaning Sources::resolve_call(const Expression& call, const Frame& frame, Budget& budget) const {
    if (call.parts.size() != 2) {
        return {};
    }
    const Expression& callee = *call.parts[0];
    if (callee.kind != Kind::kName || callee.local != kNoLocal ||
        (callee.text != "connection" && callee.text != "require")) {
        return {};
    }
    const Meaning argument = resolve(*call.parts[1], frame, budget);
    if (argument.kind != Meaning::Kind::kText) {
        return {};
    }
    return callee.text == "connection" ? make(Meaning::Kind::kConnection, argument.text)
                                       : resolve_module(argument.text, budget);
}

Meaning Sources::resolve_text(const Expression& binary, const Frame& frame, Budget& budget) const {
    if (binary.text != "..") {
        return {};
    }
    Meaning left = resolve(*binary.parts[0], frame, budget);
    const Meaning right = resolve(*binary.parts[1], frame, budget);
    const auto is_constant = [](const Meaning& part) {
        return part.kind == Meaning::Kind::kText || part.kind == Meaning::Kind::kNumber;
    };
    if (is_constant(left) && is_constant(right) &&
        left.text.size() + right.text.size() <= kTextBytesMax) {
        return make(Meaning::Kind::kText, left.text + right.text);
    }
    const bool parameter =
        left.kind == Meaning::Kind::kParameter || right.kind == Meaning::Kind::kParameter;
    return parameter ? make(Meaning::Kind::kParameter) : Meaning{};
}

Meaning Sources::resolve_module(std::string_view name, Budget& budget) const {
    const std::string path = path_of_module(name);
    const SourceFile* file = find(path);
    if (file == nullptr) {
        return path.empty() ? Meaning{} : make(Meaning::Kind::kJson);
    }
    if (file->chunk.body.empty()) {
        return {};
    }
    const Statement& last = file->chunk.body.back();
    if (last.kind != Statement::Kind::kReturn || last.values.empty()) {
        return {};
    }
    return resolve(*last.values[0], root(*file), budget);
}

Meaning Sources::member(const Meaning& object, const std::string& name, Budget& budget) const {
    if (object.kind == Meaning::Kind::kConnection) {
        Meaning out = make(Meaning::Kind::kOperation, object.text);
        out.field = name;
        return out;
    }
    if (object.kind == Meaning::Kind::kLanguage) {
        return make(Meaning::Kind::kLanguage, object.text + "." + name);
    }
    if (object.kind == Meaning::Kind::kParameter) {
        return make(Meaning::Kind::kParameter);
    }
    if (object.kind != Meaning::Kind::kTable) {
        return {};
    }
    const Frame& frame = *object.frame;
    if (object.owner != kNoLocal) {
        const std::pair<LocalId, std::string> key{object.owner, name};
        const auto method = object.file->methods.find(key);
        if (method != object.file->methods.end()) {
            return make_function(*method->second, frame);
        }
        const auto member = object.file->members.find(key);
        if (member != object.file->members.end()) {
            return resolve(*member->second, frame, budget);
        }
    }
    for (const TableField& field : object.table->fields) {
        if (field.key && field.key->kind == Kind::kString && field.key->text == name) {
            return resolve(*field.value, frame, budget);
        }
    }
    return {};
}

const Expression& Sources::follow(const Expression& expression, const Frame& frame) {
    constexpr int kHopsMax = 20;
    const Expression* at = &expression;
    for (int hops = 0; hops < kHopsMax; ++hops) {
        if (at->kind == Kind::kParenthesis) {
            at = at->parts[0].get();
            continue;
        }
        if (at->kind != Kind::kName || at->local == kNoLocal) {
            break;
        }
        const Local& local = local_of(frame, at->local);
        if (local.assignments > 0 || local.value == nullptr || local.kind != LocalKind::kLocal) {
            break;
        }
        at = local.value;
    }
    return *at;
}

}  // namespace tideway::script::analysis
