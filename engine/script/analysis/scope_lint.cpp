#include "engine/script/analysis/scope_lint.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/script/syntax/lua_walk.h"

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;
constexpr auto kWarning = Finding::Severity::kWarning;

// Calls that nothing comes back from.
constexpr std::string_view kEndings[] = {"error", "fail", "terminate"};

bool is_ending_call(const Expression& call) {
    if (call.kind != Kind::kCall) {
        return false;
    }
    const Expression& callee = *call.parts[0];
    return callee.kind == Kind::kName && callee.local == kNoLocal &&
           std::ranges::find(kEndings, callee.text) != std::end(kEndings);
}

bool leaves(const Block& block);

// Nothing in the same block is reached after it.
bool leaves(const Statement& at) {
    switch (at.kind) {
        case Statement::Kind::kReturn:
        case Statement::Kind::kBreak:
        case Statement::Kind::kGoto:
            return true;
        case Statement::Kind::kCall:
            return is_ending_call(*at.values[0]);
        case Statement::Kind::kDo:
            return leaves(at.blocks[0]);
        case Statement::Kind::kIf:
            return at.blocks.size() > at.values.size() &&
                   std::ranges::all_of(at.blocks, [](const Block& block) { return leaves(block); });
        default:
            return false;
    }
}

bool leaves(const Block& block) {
    return std::ranges::any_of(block, [](const Statement& at) { return leaves(at); });
}

// Calls `use` for each local that is named in the statement, written or read.
template <typename Use>
void each_local(const Statement& at, const Use& use) {
    LuaVisitor visitor;
    visitor.statement = [](const Statement&) {};
    visitor.expression = [&use](const Expression& expression) {
        if (expression.kind == Kind::kName && expression.local != kNoLocal) {
            use(expression.local);
        }
        return true;
    };
    const auto look_at = [&visitor](const std::vector<ExpressionPtr>& expressions) {
        for (const ExpressionPtr& expression : expressions) {
            walk(*expression, visitor);
        }
    };
    look_at(at.targets);
    look_at(at.values);
    for (const Block& block : at.blocks) {
        walk(block, visitor);
    }
    if (at.function) {
        walk(at.function->body, visitor);
    }
}

// Something in it may go on elsewhere in the function, where a value is read.
bool jumps(const Statement& at) {
    bool found = at.kind == Statement::Kind::kBreak || at.kind == Statement::Kind::kGoto;
    LuaVisitor visitor;
    visitor.expression = [](const Expression&) { return false; };
    visitor.statement = [&found](const Statement& inner) {
        found =
            found || inner.kind == Statement::Kind::kBreak || inner.kind == Statement::Kind::kGoto;
    };
    for (const Block& block : at.blocks) {
        walk(block, visitor);
    }
    return found;
}

class ScopeLint {
  public:
    ScopeLint(const Chunk& chunk, const AddNote& add)
        : chunk_(chunk),
          add_(add) {}

    void run() {
        find_captured(chunk_.body);
        block(chunk_.body);
    }

  private:
    const Local& local(LocalId id) const { return chunk_.locals[static_cast<std::size_t>(id)]; }

    // ------------------------------------------------------------------ closures

    // Locals that a function inside names: what it does with them is not in the order of the text.
    void find_captured(const Block& body) {
        LuaVisitor visitor;
        visitor.statement = [this](const Statement& at) {
            if (at.function) {
                capture(*at.function);
            }
        };
        visitor.expression = [this](const Expression& at) {
            if (at.kind == Kind::kFunction) {
                capture(*at.function);
            }
            return true;
        };
        walk(body, visitor);
    }

    void capture(const Function& function) {
        for (const Statement& at : function.body) {
            each_local(at, [&](LocalId id) {
                const Position& declared = local(id).at;
                const bool is_own = !before(declared, function.at);
                if (!is_own) {
                    captured_.insert(id);
                }
            });
        }
    }

    static bool before(const Position& a, const Position& b) {
        return a.line < b.line || (a.line == b.line && a.column < b.column);
    }

    // ------------------------------------------------------------------ blocks

    void block(const Block& body) {
        const std::size_t outer = visible_.size();
        unreachable(body);
        unused_values(body);
        for (const Statement& at : body) {
            statement(at);
        }
        visible_.resize(outer);
    }

    void statement(const Statement& at) {
        expressions(at.targets);
        expressions(at.values);
        switch (at.kind) {
            case Statement::Kind::kLocal:
                declare(at.locals);
                return;
            case Statement::Kind::kLocalFunction:
                declare(at.locals);
                function(*at.function);
                return;
            case Statement::Kind::kFunction:
                function(*at.function);
                return;
            case Statement::Kind::kNumericFor:
            case Statement::Kind::kGenericFor:
                loop(at);
                return;
            default:
                for (const Block& inner : at.blocks) {
                    block(inner);
                }
        }
    }

    void loop(const Statement& at) {
        const std::size_t outer = visible_.size();
        declare(at.locals);
        for (const Block& inner : at.blocks) {
            block(inner);
        }
        visible_.resize(outer);
    }

    void function(const Function& function) {
        const std::size_t outer = visible_.size();
        declare(function.parameters);
        block(function.body);
        visible_.resize(outer);
    }

    void expressions(const std::vector<ExpressionPtr>& list) {
        LuaVisitor visitor;
        visitor.statement = [](const Statement&) {};
        visitor.expression = [this](const Expression& at) {
            if (at.kind == Kind::kFunction) {
                function(*at.function);
                return false;
            }
            return true;
        };
        for (const ExpressionPtr& expression : list) {
            walk(*expression, visitor);
        }
    }

    // ------------------------------------------------------------------ findings

    void declare(const std::vector<LocalId>& ids) {
        for (const LocalId id : ids) {
            const Local& added = local(id);
            if (added.name.starts_with('_') || added.name == "self") {
                continue;
            }
            const auto hidden =
                std::find_if(visible_.rbegin(), visible_.rend(), [&](LocalId other) {
                    return local(other).name == added.name;
                });
            if (hidden != visible_.rend()) {
                add_(
                    added.at,
                    {.severity = kWarning,
                     .code = "shadowed-local",
                     .message = "'" + added.name + "' hides the one of line " +
                                std::to_string(local(*hidden).at.line),
                     .suggestion = "give one of them another name"}
                );
            }
        }
        visible_.insert(visible_.end(), ids.begin(), ids.end());
    }

    void unreachable(const Block& body) {
        for (std::size_t i = 0; i + 1 < body.size(); ++i) {
            // A label may be jumped to.
            if (body[i + 1].kind == Statement::Kind::kLabel) {
                return;
            }
            if (leaves(body[i])) {
                add_(
                    body[i + 1].at,
                    {.severity = kWarning,
                     .code = "unreachable",
                     .message = "this is never reached: line " + std::to_string(body[i].at.line) +
                                " goes elsewhere",
                     .suggestion = ""}
                );
                return;
            }
        }
    }

    // The local that the statement gives one value to, or kNoLocal.
    LocalId written(const Statement& at) const {
        if (at.values.size() != 1 || at.values[0]->kind == Kind::kNil) {
            return kNoLocal;
        }
        if (at.kind == Statement::Kind::kLocal && at.locals.size() == 1) {
            return at.locals[0];
        }
        const bool is_simple = at.kind == Statement::Kind::kAssignment && at.targets.size() == 1 &&
                               at.targets[0]->kind == Kind::kName;
        return is_simple ? at.targets[0]->local : kNoLocal;
    }

    // True where the statement gives the local a new value without looking at the old one.
    bool overwrites(const Statement& at, LocalId id) const {
        const bool is_simple = at.kind == Statement::Kind::kAssignment && at.targets.size() == 1 &&
                               at.targets[0]->kind == Kind::kName && at.targets[0]->local == id;
        return is_simple && mentions(at, id) == 1;
    }

    static int mentions(const Statement& at, LocalId id) {
        int count = 0;
        each_local(at, [&count, id](LocalId other) { count += other == id ? 1 : 0; });
        return count;
    }

    void unused_values(const Block& body) {
        for (std::size_t i = 0; i < body.size(); ++i) {
            const LocalId id = written(body[i]);
            if (id == kNoLocal || captured_.contains(id) || local(id).name.starts_with('_')) {
                continue;
            }
            for (std::size_t j = i + 1; j < body.size() && !jumps(body[j]); ++j) {
                if (mentions(body[j], id) == 0) {
                    continue;
                }
                if (overwrites(body[j], id)) {
                    add_(
                        body[i].at,
                        {.severity = kWarning,
                         .code = "unused-value",
                         .message = "the value of '" + local(id).name + "' is never read: line " +
                                    std::to_string(body[j].at.line) + " gives it another",
                         .suggestion = ""}
                    );
                }
                break;
            }
        }
    }

    const Chunk& chunk_;
    const AddNote& add_;
    std::set<LocalId> captured_;
    std::vector<LocalId> visible_;  // innermost last
};

}  // namespace

void lint_scopes(const Chunk& chunk, const AddNote& add) {
    ScopeLint(chunk, add).run();
}

}  // namespace tideway::script::analysis
