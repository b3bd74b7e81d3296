// Tokens of Lua 5.4 text, with their places. Reads any bytes; what is wrong becomes an error token.
// Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tideway::script {

// Counted from 1. A column counts bytes.
struct Position {
    int line = 0;
    int column = 0;
};

struct Token {
    enum class Kind { kEnd, kName, kKeyword, kNumber, kString, kSymbol, kError };
    Kind kind = Kind::kEnd;
    // Name, keyword, symbol and number as written; a string's value without quotes and escapes;
    // what is wrong for kError.
    std::string text;
    Position at;

    bool is(std::string_view word) const {
        return (kind == Kind::kKeyword || kind == Kind::kSymbol) && text == word;
    }
};

bool is_lua_keyword(std::string_view word);
bool is_lua_identifier(std::string_view word);  // a name that is not a keyword

// `text` outlives the lexer. After an error token it gives only kEnd.
class LuaLexer {
  public:
    explicit LuaLexer(std::string_view text);

    Token next();

  private:
    char peek(std::size_t ahead = 0) const;

    bool done() const { return at_ >= text_.size(); }

    void advance();
    void advance(std::size_t count);
    void skip_first_line_comment();
    // False when a long comment does not end.
    bool skip_blanks_and_comments();
    // "[[" or "[==[" here: number of '=' signs, else -1.
    int long_bracket_level() const;
    bool read_long_bracket(int level, std::string& out);
    Token error(Position at, std::string message);
    Token read_name(Position at);
    Token read_number(Position at);
    Token read_quoted(Position at);
    Token read_long_string(Position at, int level);
    Token read_symbol(Position at);
    // Empty when it went well, else what is wrong.
    std::string read_escape(std::string& out);
    std::string read_hex_escape(std::string& out);
    std::string read_utf8_escape(std::string& out);
    std::string read_decimal_escape(std::string& out);

    std::string_view text_;
    std::size_t at_ = 0;
    Position place_{1, 1};
};

}  // namespace tideway::script
