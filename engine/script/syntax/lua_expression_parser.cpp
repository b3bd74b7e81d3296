#include <algorithm>
#include <array>
#include <utility>

#include "engine/script/syntax/lua_parser_core.h"

namespace tideway::script {
namespace {

struct BinaryOperator {
    std::string_view text;
    int left;   // binds to what stands left of it
    int right;  // lower than left: associates to the right
};

constexpr std::array<BinaryOperator, 21> kBinary = {{
    {"or", 1, 1},   {"and", 2, 2}, {"<", 3, 3},   {">", 3, 3},   {"<=", 3, 3},  {">=", 3, 3},
    {"~=", 3, 3},   {"==", 3, 3},  {"|", 4, 4},   {"~", 5, 5},   {"&", 6, 6},   {"<<", 7, 7},
    {">>", 7, 7},   {"..", 9, 8},  {"+", 10, 10}, {"-", 10, 10}, {"*", 11, 11}, {"/", 11, 11},
    {"//", 11, 11}, {"%", 11, 11}, {"^", 14, 13},
}};
constexpr int kUnaryPriority = 12;

const BinaryOperator* binary_operator(const Token& token) {
    for (const BinaryOperator& candidate : kBinary) {
        if (token.is(candidate.text)) {
            return &candidate;
        }
    }
    return nullptr;
}

}  // namespace

ExpressionPtr LuaParser::make(Kind kind, Position at, std::string text) {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->at = at;
    made->text = std::move(text);
    return made;
}

void LuaParser::add(Expression& parent, ExpressionPtr child) {
    parent.depth = std::max(parent.depth, child->depth + 1);
    peak_ = std::max(peak_, parent.depth);
    if (parent.depth > kSyntaxDepthMax && !failed()) {
        fail_at(parent.at, "this expression has too many parts; split it into several");
    }
    parent.parts.push_back(std::move(child));
}

std::vector<ExpressionPtr> LuaParser::expressions() {
    std::vector<ExpressionPtr> list;
    do {
        list.push_back(expression());
    } while (accept(","));
    return list;
}

ExpressionPtr LuaParser::expression() {
    return binary(0);
}

ExpressionPtr LuaParser::binary(int limit) {
    const Nesting nesting(*this);
    ExpressionPtr left = unary();
    while (const BinaryOperator* found = binary_operator(token_)) {
        if (found->left <= limit) {
            break;
        }
        ExpressionPtr made = make(Kind::kBinary, left->at, std::string(found->text));
        advance();
        add(*made, std::move(left));
        add(*made, binary(found->right));
        left = std::move(made);
    }
    return left;
}

ExpressionPtr LuaParser::unary() {
    if (!token_.is("not") && !token_.is("-") && !token_.is("#") && !token_.is("~")) {
        return simple();
    }
    ExpressionPtr made = make(Kind::kUnary, token_.at, token_.text);
    advance();
    add(*made, binary(kUnaryPriority));
    return made;
}

ExpressionPtr LuaParser::literal(Kind kind) {
    ExpressionPtr made = make(kind, token_.at, token_.text);
    advance();
    return made;
}

ExpressionPtr LuaParser::simple() {
    if (token_.kind == Token::Kind::kNumber) {
        return literal(Kind::kNumber);
    }
    if (token_.kind == Token::Kind::kString) {
        return literal(Kind::kString);
    }
    if (token_.is("nil")) {
        return literal(Kind::kNil);
    }
    if (token_.is("true")) {
        return literal(Kind::kTrue);
    }
    if (token_.is("false")) {
        return literal(Kind::kFalse);
    }
    if (token_.is("...")) {
        if (!frames_.back().is_vararg) {
            fail("'...' stands in a function that does not take it");
        }
        return literal(Kind::kVararg);
    }
    if (token_.is("{")) {
        return table();
    }
    if (token_.is("function")) {
        ExpressionPtr made = make(Kind::kFunction, token_.at);
        advance();
        const int outside = std::exchange(peak_, 0);
        made->function = function_body(made->at, Receiver::kNone);
        made->depth = peak_ + 1;  // walks go down into the body as well
        peak_ = std::max(outside, made->depth);
        return made;
    }
    return suffixed();
}

ExpressionPtr LuaParser::name_expression() {
    ExpressionPtr made = make(Kind::kName, token_.at);
    made->text = expect_name("here");
    made->local = lookup(made->text);
    if (made->local != kNoLocal) {
        ++local(made->local).reads;
    }
    return made;
}

ExpressionPtr LuaParser::name_key(std::string_view where) {
    ExpressionPtr key = make(Kind::kString, token_.at);
    key->text = expect_name(where);
    return key;
}

ExpressionPtr LuaParser::index(ExpressionPtr object, ExpressionPtr key) {
    ExpressionPtr made = make(Kind::kIndex, object->at);
    add(*made, std::move(object));
    add(*made, std::move(key));
    return made;
}

ExpressionPtr LuaParser::primary() {
    if (!token_.is("(")) {
        if (token_.kind != Token::Kind::kName) {
            fail("a value or a name expected, found " + describe());
            return make(Kind::kNil, token_.at);
        }
        return name_expression();
    }
    ExpressionPtr made = make(Kind::kParenthesis, token_.at);
    advance();
    add(*made, expression());
    expect_close(")", "(", made->at);
    return made;
}

ExpressionPtr LuaParser::suffixed() {
    ExpressionPtr left = primary();
    while (!failed()) {
        if (accept(".")) {
            left = index(std::move(left), name_key("after '.'"));
        } else if (token_.is("[")) {
            const Position open = token_.at;
            advance();
            ExpressionPtr key = expression();
            expect_close("]", "[", open);
            left = index(std::move(left), std::move(key));
        } else if (token_.is(":")) {
            advance();
            ExpressionPtr made = make(Kind::kMethodCall, left->at);
            made->text = expect_name("after ':'");
            add(*made, std::move(left));
            arguments(*made);
            left = std::move(made);
        } else if (token_.is("(") || token_.is("{") || token_.kind == Token::Kind::kString) {
            ExpressionPtr made = make(Kind::kCall, left->at);
            add(*made, std::move(left));
            arguments(*made);
            left = std::move(made);
        } else {
            break;
        }
    }
    return left;
}

void LuaParser::arguments(Expression& call) {
    if (token_.kind == Token::Kind::kString) {
        add(call, literal(Kind::kString));
        return;
    }
    if (token_.is("{")) {
        add(call, table());
        return;
    }
    const Position open = token_.at;
    expect("(", "for the arguments of a call");
    if (accept(")")) {
        return;
    }
    do {
        add(call, expression());
    } while (accept(","));
    expect_close(")", "(", open);
}

TableField LuaParser::table_field() {
    TableField field;
    field.at = token_.at;
    if (token_.kind == Token::Kind::kName && ahead().is("=")) {
        field.key = name_key("in a table");
        advance();
    } else if (accept("[")) {
        field.key = expression();
        expect_close("]", "[", field.at);
        expect("=", "after the key of a table field");
    }
    field.value = expression();
    return field;
}

ExpressionPtr LuaParser::table() {
    ExpressionPtr made = make(Kind::kTable, token_.at);
    advance();
    while (!failed() && !token_.is("}")) {
        TableField field = table_field();
        made->depth = std::max(made->depth, field.value->depth + 1);
        if (field.key) {
            made->depth = std::max(made->depth, field.key->depth + 1);
        }
        made->fields.push_back(std::move(field));
        if (!accept(",") && !accept(";")) {
            break;
        }
    }
    peak_ = std::max(peak_, made->depth);
    if (made->depth > kSyntaxDepthMax && !failed()) {
        fail_at(made->at, "this table is too deep");
    }
    expect_close("}", "{", made->at);
    return made;
}

void LuaParser::parameters(Function& made, Receiver receiver) {
    if (receiver == Receiver::kSelf) {
        made.parameters.push_back(make_local("self", LocalKind::kParameter, made.at));
    }
    const Position open = token_.at;
    expect("(", "for the parameters of a function");
    while (!failed() && !token_.is(")")) {
        if (accept("...")) {
            made.is_vararg = true;
            break;
        }
        const Position at = token_.at;
        made.parameters.push_back(
            make_local(expect_name("as a parameter"), LocalKind::kParameter, at)
        );
        if (!accept(",")) {
            break;
        }
        if (token_.is(")")) {
            fail("a parameter expected after ','");
        }
    }
    expect_close(")", "(", open);
}

std::unique_ptr<Function> LuaParser::function_body(Position at, Receiver receiver) {
    auto made = std::make_unique<Function>();
    made->at = at;
    parameters(*made, receiver);
    open_function(made->is_vararg);
    active_.insert(active_.end(), made->parameters.begin(), made->parameters.end());
    made->body = block();
    close_function();
    made->end = token_.at;
    expect_close("end", "function", at);
    return made;
}

}  // namespace tideway::script
