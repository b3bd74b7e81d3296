#include <utility>

#include "engine/script/syntax/lua_parser_core.h"

namespace tideway::script {

bool LuaParser::block_ends() const {
    return token_.kind == Token::Kind::kEnd || token_.is("end") || token_.is("else") ||
           token_.is("elseif") || token_.is("until");
}

Block LuaParser::open_block() {
    Block statements;
    while (!block_ends()) {
        if (token_.is("return")) {
            statements.push_back(return_statement());
            break;
        }
        if (accept(";")) {
            continue;
        }
        statements.push_back(statement());
    }
    return statements;
}

Block LuaParser::block() {
    const std::size_t before = active_.size();
    Block statements = open_block();
    active_.resize(before);
    return statements;
}

Statement LuaParser::make(Statement::Kind kind) const {
    Statement made;
    made.kind = kind;
    made.at = token_.at;
    return made;
}

Statement LuaParser::return_statement() {
    Statement made = make(Statement::Kind::kReturn);
    advance();
    if (!block_ends() && !token_.is(";")) {
        made.values = expressions();
    }
    accept(";");
    if (!block_ends()) {
        fail("'return' must be the last statement of its block, found " + describe() + " after it");
    }
    return made;
}

Statement LuaParser::statement() {
    const Nesting nesting(*this);
    if (token_.kind == Token::Kind::kKeyword) {
        if (token_.is("if")) {
            return if_statement();
        }
        if (token_.is("while")) {
            return while_statement();
        }
        if (token_.is("for")) {
            return for_statement();
        }
        if (token_.is("repeat")) {
            return repeat_statement();
        }
        if (token_.is("do")) {
            return do_statement();
        }
        if (token_.is("function")) {
            return function_statement();
        }
        if (token_.is("local")) {
            return ahead().is("function") ? local_function() : local_statement();
        }
        if (token_.is("break")) {
            return break_statement();
        }
        if (token_.is("goto")) {
            return goto_statement();
        }
    }
    return token_.is("::") ? label_statement() : expression_statement();
}

Statement LuaParser::if_statement() {
    Statement made = make(Statement::Kind::kIf);
    do {
        advance();
        made.values.push_back(expression());
        expect("then", "after the condition");
        made.blocks.push_back(block());
    } while (token_.is("elseif"));
    if (accept("else")) {
        made.blocks.push_back(block());
    }
    expect_close("end", "if", made.at);
    return made;
}

Block LuaParser::loop_block() {
    ++frames_.back().loops;
    Block body = block();
    --frames_.back().loops;
    return body;
}

Statement LuaParser::while_statement() {
    Statement made = make(Statement::Kind::kWhile);
    advance();
    made.values.push_back(expression());
    expect("do", "after the condition of 'while'");
    made.blocks.push_back(loop_block());
    expect_close("end", "while", made.at);
    return made;
}

Statement LuaParser::repeat_statement() {
    Statement made = make(Statement::Kind::kRepeat);
    advance();
    const std::size_t before = active_.size();
    ++frames_.back().loops;
    made.blocks.push_back(open_block());
    --frames_.back().loops;
    expect_close("until", "repeat", made.at);
    made.values.push_back(expression());
    active_.resize(before);
    return made;
}

Statement LuaParser::do_statement() {
    Statement made = make(Statement::Kind::kDo);
    advance();
    made.blocks.push_back(block());
    expect_close("end", "do", made.at);
    return made;
}

Statement LuaParser::for_statement() {
    Statement made = make(Statement::Kind::kGenericFor);
    advance();
    do {
        const Position at = token_.at;
        made.locals.push_back(make_local(expect_name("after 'for'"), LocalKind::kLoop, at));
    } while (accept(","));
    if (made.locals.size() == 1 && accept("=")) {
        made.kind = Statement::Kind::kNumericFor;
    } else {
        expect("in", "in 'for'");
    }
    made.values = expressions();
    if (made.kind == Statement::Kind::kNumericFor && !failed() &&
        (made.values.size() < 2 || made.values.size() > 3)) {
        fail("a counting 'for' needs first and last value, and perhaps a step");
    }
    expect("do", "after the values of 'for'");
    const std::size_t before = active_.size();
    active_.insert(active_.end(), made.locals.begin(), made.locals.end());
    made.blocks.push_back(loop_block());
    active_.resize(before);
    expect_close("end", "for", made.at);
    return made;
}

Statement LuaParser::function_statement() {
    Statement made = make(Statement::Kind::kFunction);
    advance();
    ExpressionPtr target = name_expression();
    bool method = false;
    while (!method && (token_.is(".") || token_.is(":"))) {
        method = token_.is(":");
        advance();
        target = index(std::move(target), name_key("in the function's name"));
    }
    note_assignment(*target);
    made.targets.push_back(std::move(target));
    made.function = function_body(made.at, method ? Receiver::kSelf : Receiver::kNone);
    return made;
}

Statement LuaParser::local_function() {
    Statement made = make(Statement::Kind::kLocalFunction);
    advance();
    advance();
    const Position at = token_.at;
    const LocalId id = make_local(expect_name("after 'local function'"), LocalKind::kFunction, at);
    active_.push_back(id);
    made.locals.push_back(id);
    made.function = function_body(made.at, Receiver::kNone);
    local(id).function = made.function.get();
    return made;
}

void LuaParser::attribute(LocalId id) {
    if (!accept("<")) {
        return;
    }
    const Position at = token_.at;
    const std::string word = expect_name("in '<...>'");
    if (!failed() && word == "close") {
        fail_at(at, "'<close>' does not exist in flows; write the clean-up after a try(...)");
    } else if (!failed() && word != "const") {
        fail_at(at, "unknown attribute '" + word + "'; only <const> exists");
    }
    local(id).is_const = true;
    expect(">", "after the attribute");
}

Statement LuaParser::local_statement() {
    Statement made = make(Statement::Kind::kLocal);
    advance();
    do {
        const Position at = token_.at;
        made.locals.push_back(make_local(expect_name("after 'local'"), LocalKind::kLocal, at));
        attribute(made.locals.back());
    } while (accept(","));
    if (accept("=")) {
        made.values = expressions();
    }
    for (std::size_t i = 0; i < made.locals.size() && i < made.values.size(); ++i) {
        local(made.locals[i]).value = made.values[i].get();
    }
    active_.insert(active_.end(), made.locals.begin(), made.locals.end());
    return made;
}

Statement LuaParser::break_statement() {
    if (frames_.back().loops == 0) {
        fail("'break' stands outside a loop");
    }
    Statement made = make(Statement::Kind::kBreak);
    advance();
    return made;
}

Statement LuaParser::goto_statement() {
    Statement made = make(Statement::Kind::kGoto);
    advance();
    made.text = expect_name("after 'goto'");
    return made;
}

Statement LuaParser::label_statement() {
    Statement made = make(Statement::Kind::kLabel);
    advance();
    made.text = expect_name("in a label");
    expect("::", "after the label");
    return made;
}

Statement LuaParser::expression_statement() {
    Statement made = make(Statement::Kind::kCall);
    ExpressionPtr first = suffixed();
    if (token_.is("=") || token_.is(",")) {
        return assignment(std::move(made), std::move(first));
    }
    if (!failed() && first->kind != Kind::kCall && first->kind != Kind::kMethodCall) {
        fail_at(
            token_.at,
            "a statement must be a call or an assignment; found " + describe() + " after a value"
        );
    }
    made.values.push_back(std::move(first));
    return made;
}

Statement LuaParser::assignment(Statement made, ExpressionPtr first) {
    made.kind = Statement::Kind::kAssignment;
    made.targets.push_back(std::move(first));
    while (accept(",")) {
        made.targets.push_back(suffixed());
    }
    expect("=", "in the assignment");
    made.values = expressions();
    for (const ExpressionPtr& target : made.targets) {
        note_assignment(*target);
    }
    return made;
}

void LuaParser::note_assignment(Expression& target) {
    if (target.kind == Kind::kName && target.local != kNoLocal) {
        Local& variable = local(target.local);
        --variable.reads;
        ++variable.assignments;
        if (variable.is_const && !failed()) {
            fail_at(target.at, "'" + variable.name + "' is <const> and cannot be assigned");
        }
        return;
    }
    if (target.kind != Kind::kName && target.kind != Kind::kIndex && !failed()) {
        fail_at(target.at, "only a variable or a field can stand left of '='");
    }
}

}  // namespace tideway::script
