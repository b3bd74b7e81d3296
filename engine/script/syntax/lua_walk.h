// Visits a tree (lua_syntax.h) in the order of its text. Thread: any.
#pragma once

#include <functional>

#include "engine/script/syntax/lua_syntax.h"

namespace tideway::script {

struct LuaVisitor {
    // Before the parts of the expression. False: its parts are not visited.
    std::function<bool(const Expression&)> expression;
    std::function<void(const Statement&)> statement;  // before its parts
};

// Bodies of functions are part of it. Both members of `visitor` are set.
void walk(const Block& block, const LuaVisitor& visitor);
void walk(const Expression& expression, const LuaVisitor& visitor);

}  // namespace tideway::script
