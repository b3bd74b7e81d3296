#include "engine/script/syntax/lua_walk.h"

namespace tideway::script {
namespace {

void walk_list(const std::vector<ExpressionPtr>& list, const LuaVisitor& visitor) {
    for (const ExpressionPtr& expression : list) {
        walk(*expression, visitor);
    }
}

// Tests and bodies of `if` alternate in the text; other statements have their values first, save
// `repeat`.
void walk_parts(const Statement& statement, const LuaVisitor& visitor) {
    if (statement.kind == Statement::Kind::kRepeat) {
        walk(statement.blocks[0], visitor);
        walk_list(statement.values, visitor);
        return;
    }
    walk_list(statement.targets, visitor);
    if (statement.kind != Statement::Kind::kIf) {
        walk_list(statement.values, visitor);
    }
    for (std::size_t i = 0; i < statement.blocks.size(); ++i) {
        if (statement.kind == Statement::Kind::kIf && i < statement.values.size()) {
            walk(*statement.values[i], visitor);
        }
        walk(statement.blocks[i], visitor);
    }
    if (statement.function) {
        walk(statement.function->body, visitor);
    }
}

}  // namespace

void walk(const Block& block, const LuaVisitor& visitor) {
    for (const Statement& statement : block) {
        visitor.statement(statement);
        walk_parts(statement, visitor);
    }
}

void walk(const Expression& expression, const LuaVisitor& visitor) {
    if (!visitor.expression(expression)) {
        return;
    }
    walk_list(expression.parts, visitor);
    for (const TableField& field : expression.fields) {
        if (field.key) {
            walk(*field.key, visitor);
        }
        walk(*field.value, visitor);
    }
    if (expression.function) {
        walk(expression.function->body, visitor);
    }
}

}  // namespace tideway::script
