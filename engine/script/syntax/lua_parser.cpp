#include "engine/script/syntax/lua_parser.h"

#include <utility>

#include "engine/script/syntax/lua_parser_core.h"

namespace tideway::script {

void LuaParser::advance() {
    if (failed()) {
        return;
    }
    token_ = ahead_ ? std::move(*ahead_) : lexer_.next();
    ahead_.reset();
    if (token_.kind == Token::Kind::kError) {
        fail_at(token_.at, token_.text);
    }
}

const Token& LuaParser::ahead() {
    if (!ahead_) {
        ahead_ = lexer_.next();
    }
    return *ahead_;
}

std::string LuaParser::describe() const {
    switch (token_.kind) {
        case Token::Kind::kEnd:
            return "the end of the file";
        case Token::Kind::kString:
            return "a text";
        case Token::Kind::kName:
        case Token::Kind::kKeyword:
        case Token::Kind::kNumber:
        case Token::Kind::kSymbol:
        case Token::Kind::kError:
            break;
    }
    return "'" + token_.text.substr(0, 40) + "'";
}

void LuaParser::fail_at(Position at, std::string message) {
    if (!result_.error) {
        result_.error = SyntaxError{at, std::move(message)};
    }
    token_ = Token{Token::Kind::kEnd, "", at};
    ahead_ = token_;
}

void LuaParser::fail(std::string message) {
    fail_at(token_.at, std::move(message));
}

bool LuaParser::failed() const {
    return result_.error.has_value();
}

bool LuaParser::accept(std::string_view word) {
    if (!token_.is(word)) {
        return false;
    }
    advance();
    return true;
}

void LuaParser::expect(std::string_view word, std::string_view where) {
    if (!accept(word)) {
        fail(
            "'" + std::string(word) + "' expected " + std::string(where) + ", found " + describe()
        );
    }
}

void LuaParser::expect_close(std::string_view word, std::string_view opener, Position open) {
    if (accept(word)) {
        return;
    }
    fail(
        "'" + std::string(word) + "' expected to close '" + std::string(opener) + "' of line " +
        std::to_string(open.line) + ", found " + describe()
    );
}

std::string LuaParser::expect_name(std::string_view where) {
    if (token_.kind != Token::Kind::kName) {
        const bool keyword = token_.kind == Token::Kind::kKeyword;
        fail(
            "a name expected " + std::string(where) + ", found " + describe() +
            (keyword ? ", which is a word of the language" : "")
        );
        return {};
    }
    std::string name = token_.text;
    advance();
    return name;
}

void LuaParser::open_function(bool is_vararg) {
    frames_.push_back({active_.size(), is_vararg, 0});
}

void LuaParser::close_function() {
    active_.resize(frames_.back().base);
    frames_.pop_back();
}

LocalId LuaParser::make_local(std::string name, LocalKind kind, Position at) {
    Local local;
    local.name = std::move(name);
    local.kind = kind;
    local.at = at;
    result_.chunk.locals.push_back(std::move(local));
    return static_cast<LocalId>(result_.chunk.locals.size()) - 1;
}

Local& LuaParser::local(LocalId id) {
    return result_.chunk.locals[static_cast<std::size_t>(id)];
}

LocalId LuaParser::lookup(std::string_view name) {
    for (auto at = active_.rbegin(); at != active_.rend(); ++at) {
        if (local(*at).name == name) {
            return *at;
        }
    }
    return kNoLocal;
}

ParseResult LuaParser::parse() {
    open_function(true);
    result_.chunk.body = block();
    if (token_.kind != Token::Kind::kEnd) {
        fail("unexpected " + describe() + "; is there an 'end' too many above?");
    }
    return std::move(result_);
}

ParseResult parse_lua(std::string_view text) {
    return LuaParser(text).parse();
}

}  // namespace tideway::script
