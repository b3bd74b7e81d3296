#include "engine/script/syntax/lua_lexer.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tideway::script {
namespace {

constexpr std::array<std::string_view, 22> kKeywords = {
    "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
    "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
    "repeat",   "return", "then", "true", "until",  "while"};

// Longest first, so that the first that fits is the right one.
constexpr std::array<std::string_view, 33> kSymbols = {
    "...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "+", "-", "*", "/", "%", "^", "#",
    "&",   "~",  "|",  "<",  ">",  "=",  "(",  ")",  "{",  "}",  "[", "]", ";", ":", ",", "."};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c) {
    return is_name_start(c) || is_digit(c);
}

int hex_value(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// As Lua does it: up to 6 bytes for values up to 2^31.
void append_utf8(std::string& out, std::uint32_t value) {
    if (value < 0x80) {
        out.push_back(static_cast<char>(value));
        return;
    }
    std::array<char, 6> bytes{};
    std::size_t count = 0;
    std::uint32_t first_max = 0x3f;
    while (value > first_max) {
        bytes[count++] = static_cast<char>(0x80U | (value & 0x3fU));
        value >>= 6U;
        first_max >>= 1U;
    }
    out.push_back(static_cast<char>((~first_max << 1U) | value));
    while (count > 0) {
        out.push_back(bytes[--count]);
    }
}

bool is_number_text(std::string_view text) {
    const bool hex = text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    std::size_t at = hex ? 2 : 0;
    std::size_t digits = 0;
    bool point = false;
    for (; at < text.size(); ++at) {
        if (hex ? hex_value(text[at]) >= 0 : is_digit(text[at])) {
            ++digits;
        } else if (text[at] == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (at == text.size()) {
        return true;
    }
    const char mark = static_cast<char>(text[at] | 0x20);
    if (mark != (hex ? 'p' : 'e')) {
        return false;
    }
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
        ++at;
    }
    return at < text.size() &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_digit);
}

}  // namespace

bool is_lua_keyword(std::string_view word) {
    return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

bool is_lua_identifier(std::string_view word) {
    return !word.empty() && is_name_start(word[0]) &&
           std::all_of(word.begin(), word.end(), is_name_part) && !is_lua_keyword(word);
}

LuaLexer::LuaLexer(std::string_view text)
    : text_(text) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
        at_ = 3;
    }
    skip_first_line_comment();
}

char LuaLexer::peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
}

void LuaLexer::advance() {
    if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
    } else {
        ++place_.column;
    }
    ++at_;
}

void LuaLexer::advance(std::size_t count) {
    for (; count > 0 && !done(); --count) {
        advance();
    }
}

void LuaLexer::skip_first_line_comment() {
    if (peek() != '#') {
        return;
    }
    while (!done() && peek() != '\n') {
        advance();
    }
}

int LuaLexer::long_bracket_level() const {
    if (peek() != '[') {
        return -1;
    }
    int level = 0;
    while (peek(static_cast<std::size_t>(level) + 1) == '=') {
        ++level;
    }
    return peek(static_cast<std::size_t>(level) + 1) == '[' ? level : -1;
}

bool LuaLexer::read_long_bracket(int level, std::string& out) {
    const auto width = static_cast<std::size_t>(level) + 2;
    advance(width);
    if (peek() == '\r' && peek(1) == '\n') {
        advance();
    }
    if (peek() == '\n') {
        advance();
    }
    const std::string close = "]" + std::string(static_cast<std::size_t>(level), '=') + "]";
    const std::size_t end = text_.find(close, at_);
    if (end == std::string_view::npos) {
        return false;
    }
    out.assign(text_.substr(at_, end - at_));
    advance(end - at_ + width);
    return true;
}

bool LuaLexer::skip_blanks_and_comments() {
    while (!done()) {
        const char c = peek();
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
            advance();
            continue;
        }
        if (c != '-' || peek(1) != '-') {
            return true;
        }
        advance(2);
        const int level = long_bracket_level();
        std::string ignored;
        if (level >= 0) {
            if (!read_long_bracket(level, ignored)) {
                return false;
            }
            continue;
        }
        while (!done() && peek() != '\n') {
            advance();
        }
    }
    return true;
}

Token LuaLexer::error(Position at, std::string message) {
    at_ = text_.size();
    return {Token::Kind::kError, std::move(message), at};
}

Token LuaLexer::next() {
    const Position before = place_;
    if (!skip_blanks_and_comments()) {
        return error(before, "a long comment is opened here or below and never closed");
    }
    const Position at = place_;
    if (done()) {
        return {Token::Kind::kEnd, "end of file", at};
    }
    const char c = peek();
    if (is_name_start(c)) {
        return read_name(at);
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
        return read_number(at);
    }
    if (c == '"' || c == '\'') {
        return read_quoted(at);
    }
    const int level = long_bracket_level();
    if (level >= 0) {
        return read_long_string(at, level);
    }
    return read_symbol(at);
}

Token LuaLexer::read_name(Position at) {
    const std::size_t start = at_;
    while (is_name_part(peek())) {
        advance();
    }
    std::string word(text_.substr(start, at_ - start));
    const auto kind = is_lua_keyword(word) ? Token::Kind::kKeyword : Token::Kind::kName;
    return {kind, std::move(word), at};
}

Token LuaLexer::read_number(Position at) {
    const std::size_t start = at_;
    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    while (!done()) {
        const char c = peek();
        const char mark = static_cast<char>(c | 0x20);
        if (mark == (hex ? 'p' : 'e') && (peek(1) == '+' || peek(1) == '-')) {
            advance(2);
        } else if (is_name_part(c) || c == '.') {
            advance();
        } else {
            break;
        }
    }
    std::string text(text_.substr(start, at_ - start));
    if (!is_number_text(text)) {
        return error(at, "'" + text + "' is not a number");
    }
    return {Token::Kind::kNumber, std::move(text), at};
}

Token LuaLexer::read_long_string(Position at, int level) {
    std::string value;
    if (!read_long_bracket(level, value)) {
        return error(at, "the long text that starts here is never closed");
    }
    return {Token::Kind::kString, std::move(value), at};
}

Token LuaLexer::read_quoted(Position at) {
    const char quote = peek();
    advance();
    std::string value;
    while (peek() != quote) {
        if (done() || peek() == '\n') {
            return error(at, "the text that starts here is not closed on its line");
        }
        if (peek() != '\\') {
            value.push_back(peek());
            advance();
            continue;
        }
        const Position escape = place_;
        advance();
        std::string wrong = read_escape(value);
        if (!wrong.empty()) {
            return error(escape, std::move(wrong));
        }
    }
    advance();
    return {Token::Kind::kString, std::move(value), at};
}

std::string LuaLexer::read_escape(std::string& out) {
    constexpr std::string_view kLetters = "abfnrtv\\\"'\n";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"'\n";
    const char c = peek();
    if (done()) {
        return "the text ends after a backslash";
    }
    if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
        out.push_back(kValues[at]);
        advance();
        return {};
    }
    if (c == '\r') {
        advance(peek(1) == '\n' ? 2 : 1);
        out.push_back('\n');
        return {};
    }
    if (c == 'x') {
        return read_hex_escape(out);
    }
    if (c == 'u') {
        return read_utf8_escape(out);
    }
    if (is_digit(c)) {
        return read_decimal_escape(out);
    }
    if (c == 'z') {
        advance();
        while (!done() && std::string_view(" \t\r\n\f\v").find(peek()) != std::string_view::npos) {
            advance();
        }
        return {};
    }
    return "unknown escape in a text; write '\\\\' for a backslash";
}

std::string LuaLexer::read_hex_escape(std::string& out) {
    const int high = hex_value(peek(1));
    const int low = high < 0 ? -1 : hex_value(peek(2));
    if (low < 0) {
        return "'\\x' needs two hexadecimal digits";
    }
    out.push_back(static_cast<char>(high * 16 + low));
    advance(3);
    return {};
}

std::string LuaLexer::read_utf8_escape(std::string& out) {
    advance();
    if (peek() != '{' || hex_value(peek(1)) < 0) {
        return "'\\u' needs hexadecimal digits in braces, as in '\\u{20AC}'";
    }
    advance();
    std::uint64_t value = 0;
    while (hex_value(peek()) >= 0) {
        value = value * 16 + static_cast<std::uint64_t>(hex_value(peek()));
        if (value > 0x7fffffffU) {
            return "the value of '\\u{...}' is too large";
        }
        advance();
    }
    if (peek() != '}') {
        return "'\\u{' is not closed by '}'";
    }
    advance();
    append_utf8(out, static_cast<std::uint32_t>(value));
    return {};
}

std::string LuaLexer::read_decimal_escape(std::string& out) {
    int value = 0;
    for (int count = 0; count < 3 && is_digit(peek()); ++count) {
        value = value * 10 + (peek() - '0');
        advance();
    }
    if (value > 255) {
        return "a decimal escape is at most '\\255'";
    }
    out.push_back(static_cast<char>(value));
    return {};
}

Token LuaLexer::read_symbol(Position at) {
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view symbol : kSymbols) {
        if (rest.substr(0, symbol.size()) == symbol) {
            advance(symbol.size());
            return {Token::Kind::kSymbol, std::string(symbol), at};
        }
    }
    const auto byte = static_cast<unsigned char>(peek());
    if (byte < 0x20 || byte > 0x7e) {
        return error(
            at,
            "byte " + std::to_string(byte) +
                " cannot stand here; only texts and comments hold such characters"
        );
    }
    return error(at, std::string("'") + peek() + "' means nothing in Lua");
}

}  // namespace tideway::script
