// The recursive descent behind parse_lua(): one class in three sources, by what they read. Only
// they include this. After an error the current token is the end of the file for good, so every
// loop ends.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/script/syntax/lua_lexer.h"
#include "engine/script/syntax/lua_parser.h"
#include "engine/script/syntax/lua_syntax.h"

namespace tideway::script {

class LuaParser {
  public:
    explicit LuaParser(std::string_view text)
        : lexer_(text) {
        advance();
    }

    ParseResult parse();

  private:
    using Kind = Expression::Kind;
    enum class Receiver { kNone, kSelf };

    struct Nesting {
        explicit Nesting(LuaParser& owner)
            : parser(owner) {
            if (++parser.nesting_ > kSyntaxNestingMax) {
                parser.fail(
                    "this is nested too deeply; move a part of it into a function of its own"
                );
            }
        }

        ~Nesting() { --parser.nesting_; }

        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;
        LuaParser& parser;
    };

    struct Frame {
        std::size_t base;
        bool is_vararg;
        int loops;
    };

    // --- tokens and variables (lua_parser.cpp) ---
    void advance();
    const Token& ahead();
    std::string describe() const;
    void fail_at(Position at, std::string message);
    void fail(std::string message);
    bool failed() const;
    bool accept(std::string_view word);
    void expect(std::string_view word, std::string_view where);
    // The word that closes what was opened at `open`.
    void expect_close(std::string_view word, std::string_view opener, Position open);
    std::string expect_name(std::string_view where);
    void open_function(bool is_vararg);
    void close_function();
    LocalId make_local(std::string name, LocalKind kind, Position at);
    Local& local(LocalId id);
    LocalId lookup(std::string_view name);

    // --- statements (lua_statement_parser.cpp) ---
    bool block_ends() const;
    // Leaves the block's variables active: `until` sees them.
    Block open_block();
    Block block();
    Statement make(Statement::Kind kind) const;
    Statement return_statement();
    Statement statement();
    Statement if_statement();
    Block loop_block();
    Statement while_statement();
    Statement repeat_statement();
    Statement do_statement();
    Statement for_statement();
    Statement function_statement();
    Statement local_function();
    void attribute(LocalId id);
    Statement local_statement();
    Statement break_statement();
    Statement goto_statement();
    Statement label_statement();
    Statement expression_statement();
    Statement assignment(Statement made, ExpressionPtr first);
    // The name was counted as read when it was parsed.
    void note_assignment(Expression& target);

    // --- expressions (lua_expression_parser.cpp) ---
    ExpressionPtr make(Kind kind, Position at, std::string text = {});
    void add(Expression& parent, ExpressionPtr child);
    std::vector<ExpressionPtr> expressions();
    ExpressionPtr expression();
    ExpressionPtr binary(int limit);
    ExpressionPtr unary();
    ExpressionPtr literal(Kind kind);
    ExpressionPtr simple();
    ExpressionPtr name_expression();
    ExpressionPtr name_key(std::string_view where);
    ExpressionPtr index(ExpressionPtr object, ExpressionPtr key);
    ExpressionPtr primary();
    ExpressionPtr suffixed();
    void arguments(Expression& call);
    TableField table_field();
    ExpressionPtr table();
    void parameters(Function& made, Receiver receiver);
    std::unique_ptr<Function> function_body(Position at, Receiver receiver);

    LuaLexer lexer_;
    Token token_;
    std::optional<Token> ahead_;
    ParseResult result_;
    std::vector<LocalId> active_;
    std::vector<Frame> frames_;
    int nesting_ = 0;
    int peak_ = 0;  // height of the tallest expression of the function so far
};

}  // namespace tideway::script
