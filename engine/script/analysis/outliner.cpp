#include "engine/script/analysis/outliner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;
using model::OutlineNode;
using Nodes = std::vector<OutlineNode>;

// What a text can make the outliner do is bounded; a flow for people is far below.
constexpr int kNodesMax = 20'000;
constexpr int kStepsMax = 2'000'000;
constexpr int kDepthMax = 2'500;

// `condition(...)` or `not condition(...)` as the test of an `if`.
struct Decision {
    bool is_condition = false;
    bool is_negated = false;
};

class Outliner {
  public:
    Outliner(const Sources& sources, CallCheck& check)
        : sources_(sources),
          check_(check) {}

    Nodes outline(const Expression& run, const SourceFile& file) {
        Nodes out;
        const Frame& root = sources_.root(file);
        const Meaning meaning = sources_.resolve(run, root);
        if (meaning.kind == Meaning::Kind::kFunction) {
            body(meaning, nullptr, root, out);
        }
        if (cut_) {
            check_.add(
                root,
                run.at,
                {.severity = Finding::Severity::kWarning,
                 .code = "outline-cut",
                 .message = "this flow is too large for a whole outline; split it into child flows",
                 .suggestion = ""}
            );
        }
        return out;
    }

  private:
    struct Level {
        explicit Level(Outliner& owner)
            : outliner(owner) {
            ++outliner.depth_;
        }

        ~Level() { --outliner.depth_; }

        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        Outliner& outliner;
    };

    bool exhausted() {
        if (++steps_ > kStepsMax || depth_ > kDepthMax || nodes_ > kNodesMax) {
            cut_ = true;
        }
        return cut_;
    }

    OutlineNode node(const Frame& frame, Position at, std::string kind, std::string name) {
        ++nodes_;
        OutlineNode made;
        made.kind = std::move(kind);
        made.name = std::move(name);
        made.file = frame.file->path;
        made.line = at.line;
        return made;
    }

    std::string text_of(const Expression& expression, const Frame& frame) const {
        const Meaning meaning = sources_.resolve(expression, frame);
        const bool known =
            meaning.kind == Meaning::Kind::kText || meaning.kind == Meaning::Kind::kNumber;
        return known ? meaning.text : "?";
    }

    // --- functions ---

    // What the function does, as if its text stood here. `call` gives the parameters their meaning;
    // null: they are unknown.
    void body(const Meaning& callee, const Expression* call, const Frame& caller, Nodes& out) {
        const Level level(*this);
        if (exhausted() || !open_.insert(callee.function).second) {
            return;
        }
        Frame frame;
        frame.file = callee.file;
        frame.outer = callee.frame;
        if (call != nullptr) {
            bind(frame, *callee.function, *call, caller);
        }
        block(callee.function->body, frame, out);
        open_.erase(callee.function);
    }

    void bind(Frame& frame, const Function& function, const Expression& call, const Frame& caller) {
        const std::size_t first = call.kind == Kind::kMethodCall ? 0 : 1;
        for (std::size_t i = 0; i < function.parameters.size(); ++i) {
            Meaning meaning;
            if (first + i < call.parts.size()) {
                meaning = sources_.resolve(*call.parts[first + i], caller);
            }
            frame.bindings[function.parameters[i]] = std::move(meaning);
        }
    }

    // --- statements ---

    void block(const Block& statements, const Frame& frame, Nodes& out) {
        for (const Statement& statement : statements) {
            if (exhausted()) {
                return;
            }
            this->statement(statement, frame, out);
        }
    }

    void statement(const Statement& at, const Frame& frame, Nodes& out) {
        const Level level(*this);
        if (at.kind == Statement::Kind::kIf) {
            if_statement(at, 0, frame, out);
            return;
        }
        if (at.kind == Statement::Kind::kRepeat) {
            block(at.blocks[0], frame, out);
            expressions(at.values, 0, frame, out);
            return;
        }
        expressions(at.values, 0, frame, out);
        expressions(at.targets, 0, frame, out);
        for (const Block& inner : at.blocks) {
            block(inner, frame, out);
        }
    }

    static Decision decision_of(const Expression& test) {
        Decision out;
        const Expression* at = &test;
        while (at->kind == Kind::kParenthesis || (at->kind == Kind::kUnary && at->text == "not")) {
            out.is_negated = out.is_negated != (at->kind == Kind::kUnary);
            at = at->parts[0].get();
        }
        if (at->kind == Kind::kBinary && (at->text == "and" || at->text == "or")) {
            const Decision right = decision_of(*at->parts[1]);
            const Decision left = decision_of(*at->parts[0]);
            const Decision& found = right.is_condition ? right : left;
            return {found.is_condition, found.is_negated != out.is_negated};
        }
        out.is_condition = at->kind == Kind::kCall && at->parts[0]->kind == Kind::kName &&
                           at->parts[0]->local == kNoLocal && at->parts[0]->text == "condition";
        return out;
    }

    // From its test number `index` on: the rest stands where that test says no.
    void if_statement(const Statement& at, std::size_t index, const Frame& frame, Nodes& out) {
        const Level level(*this);
        if (exhausted()) {
            return;
        }
        if (index >= at.values.size()) {
            if (index < at.blocks.size()) {
                block(at.blocks[index], frame, out);
            }
            return;
        }
        const Expression& test = *at.values[index];
        expression(test, frame, out);
        const Decision decision = decision_of(test);
        if (!decision.is_condition || out.empty() || out.back().kind != "condition") {
            block(at.blocks[index], frame, out);
            if_statement(at, index + 1, frame, out);
            return;
        }
        OutlineNode condition = std::move(out.back());
        out.pop_back();
        OutlineNode taken = node(frame, test.at, "branch", decision.is_negated ? "no" : "yes");
        OutlineNode other = node(frame, test.at, "branch", decision.is_negated ? "yes" : "no");
        block(at.blocks[index], frame, taken.children);
        if_statement(at, index + 1, frame, other.children);
        if (decision.is_negated) {
            std::swap(taken, other);
        }
        condition.children.push_back(std::move(taken));
        condition.children.push_back(std::move(other));
        out.push_back(std::move(condition));
    }

    // --- expressions ---

    void expressions(
        const std::vector<ExpressionPtr>& list, std::size_t first, const Frame& frame, Nodes& out
    ) {
        for (std::size_t i = first; i < list.size(); ++i) {
            expression(*list[i], frame, out);
        }
    }

    // A function that is only named or made does nothing yet.
    void expression(const Expression& at, const Frame& frame, Nodes& out) {
        const Level level(*this);
        if (exhausted() || at.kind == Kind::kFunction) {
            return;
        }
        if (at.kind == Kind::kCall) {
            call(at, frame, out);
            return;
        }
        if (at.kind == Kind::kMethodCall) {
            method_call(at, frame, out);
            return;
        }
        expressions(at.parts, 0, frame, out);
        for (const TableField& field : at.fields) {
            if (field.key) {
                expression(*field.key, frame, out);
            }
            expression(*field.value, frame, out);
        }
    }

    void call(const Expression& at, const Frame& frame, Nodes& out) {
        const Meaning callee = sources_.resolve(*at.parts[0], frame);
        check_.call(at, callee, frame, Parameters::kAreKnown);
        if (callee.kind == Meaning::Kind::kFunction) {
            expressions(at.parts, 1, frame, out);
            body(callee, &at, frame, out);
            return;
        }
        if (callee.kind == Meaning::Kind::kOperation) {
            expressions(at.parts, 1, frame, out);
            OutlineNode made = named(at, frame, "step");
            made.operation = callee.text + "." + callee.field;
            out.push_back(std::move(made));
            return;
        }
        const LanguageFunction* word =
            callee.kind == Meaning::Kind::kLanguage ? find_language_function(callee.text) : nullptr;
        if (word != nullptr && word->kind == WordKind::kStep) {
            step(at, *word, frame, out);
        } else if (word != nullptr && word->kind == WordKind::kStructure) {
            structure(at, *word, frame, out);
        } else {
            expression(*at.parts[0], frame, out);
            unknown_call(at, 1, frame, out);
        }
    }

    void method_call(const Expression& at, const Frame& frame, Nodes& out) {
        expression(*at.parts[0], frame, out);
        const Meaning object = sources_.resolve(*at.parts[0], frame);
        const Meaning method =
            object.kind == Meaning::Kind::kTable ? sources_.member(object, at.text) : Meaning{};
        if (method.kind == Meaning::Kind::kFunction) {
            expressions(at.parts, 1, frame, out);
            body(method, &at, frame, out);
            return;
        }
        unknown_call(at, 1, frame, out);
    }

    // pcall, list.map, a function of a parameter ...: what it is given may be called there.
    void unknown_call(const Expression& at, std::size_t first, const Frame& frame, Nodes& out) {
        for (std::size_t i = first; i < at.parts.size(); ++i) {
            const Expression& argument = *at.parts[i];
            const Meaning meaning = sources_.resolve(argument, frame);
            if (meaning.kind == Meaning::Kind::kFunction) {
                body(meaning, nullptr, frame, out);
            } else {
                expression(argument, frame, out);
            }
        }
    }

    OutlineNode named(const Expression& at, const Frame& frame, std::string kind) {
        return node(
            frame,
            at.at,
            std::move(kind),
            at.parts.size() > 1 ? text_of(*at.parts[1], frame) : std::string("?")
        );
    }

    void step(const Expression& at, const LanguageFunction& word, const Frame& frame, Nodes& out) {
        expressions(at.parts, 1, frame, out);
        OutlineNode made = named(at, frame, std::string(word.name));
        if (word.name == "terminate") {
            made.name = "Terminate";
        } else if (word.name == "respond" && at.parts.size() == 2) {
            made.name = "Response";
        } else if (word.name == "run_child_flow" && at.parts.size() > 2) {
            made.operation = text_of(*at.parts[2], frame);
        }
        out.push_back(std::move(made));
    }

    void structure(
        const Expression& at, const LanguageFunction& word, const Frame& frame, Nodes& out
    ) {
        OutlineNode made = named(at, frame, std::string(word.name));
        const bool has_branches = word.name == "switch" || word.name == "parallel";
        const std::size_t branches_at = word.name == "switch" ? 3 : 2;
        for (std::size_t i = 2; i < at.parts.size(); ++i) {
            const Expression& argument = *at.parts[i];
            const Meaning meaning = sources_.resolve(argument, frame);
            if (meaning.kind == Meaning::Kind::kFunction) {
                body(meaning, nullptr, frame, made.children);
            } else if (has_branches && i == branches_at && meaning.table != nullptr) {
                branches(meaning, word.name == "switch" ? "case" : "branch", frame, made.children);
            } else {
                expression(argument, frame, out);  // what it waits for comes before the scope
            }
        }
        out.push_back(std::move(made));
    }

    void branches(const Meaning& table, const std::string& kind, const Frame& frame, Nodes& out) {
        int position = 0;
        for (const TableField& field : table.table->fields) {
            const std::string name =
                field.key ? text_of(*field.key, *table.frame) : std::to_string(++position);
            OutlineNode made = node(*table.frame, field.at, kind, name);
            const Meaning meaning = sources_.resolve(*field.value, *table.frame);
            if (meaning.kind == Meaning::Kind::kFunction) {
                body(meaning, nullptr, frame, made.children);
            }
            out.push_back(std::move(made));
        }
    }

    const Sources& sources_;
    CallCheck& check_;
    std::set<const Function*> open_;
    int steps_ = 0;
    int nodes_ = 0;
    int depth_ = 0;
    bool cut_ = false;
};

}  // namespace

std::vector<model::OutlineNode> outline(
    const Expression& run, const SourceFile& file, const Sources& sources, CallCheck& check
) {
    return Outliner(sources, check).outline(run, file);
}

}  // namespace tideway::script::analysis
