// Lua text as a tree: just what analysis and the stub test look at. Trees are as deep as
// kSyntaxDepthMax at most, so walks may recurse. Thread: any; a Chunk is a value that moves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/script/syntax/lua_lexer.h"

namespace tideway::script {

// Deeper nesting is refused with a clear message. Lua's own limit is 200.
constexpr int kSyntaxNestingMax = 190;
// Height of an expression's tree: a chain such as a + b + c ... is as high as it is long.
constexpr int kSyntaxDepthMax = 1000;

struct Expression;
struct Function;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Block = std::vector<Statement>;

// Index into Chunk::locals.
using LocalId = int;
constexpr LocalId kNoLocal = -1;

struct TableField {
    ExpressionPtr key;  // none for a positional value; a kString for `name = value`
    ExpressionPtr value;
    Position at;
};

struct Expression {
    enum class Kind {
        kNil,
        kTrue,
        kFalse,
        kNumber,
        kString,
        kVararg,
        kName,        // text; local, or kNoLocal for a global
        kIndex,       // parts: object, key
        kCall,        // parts: callee, arguments
        kMethodCall,  // parts: object, arguments; text: method
        kFunction,    // function
        kTable,       // fields
        kBinary,      // parts: left, right; text: operator
        kUnary,       // parts: operand; text: operator
        kParenthesis  // parts: inner
    };
    Kind kind = Kind::kNil;
    Position at;
    std::string text;
    LocalId local = kNoLocal;
    std::vector<ExpressionPtr> parts;
    std::vector<TableField> fields;
    std::unique_ptr<Function> function;
    int depth = 1;
};

// How a local variable came to be.
enum class LocalKind { kLocal, kFunction, kParameter, kLoop };

struct Local {
    std::string name;
    LocalKind kind = LocalKind::kLocal;
    Position at;
    int reads = 0;
    int assignments = 0;  // after the declaration
    bool is_const = false;
    // What the declaration gives it, when that is one expression; borrowed from the tree.
    const Expression* value = nullptr;
    const Function* function = nullptr;  // of `local function`
};

struct Function {
    Position at;
    std::vector<LocalId> parameters;  // `self` of a method included
    bool is_vararg = false;
    Block body;
    Position end;
};

struct Statement {
    enum class Kind {
        kLocal,          // locals, values
        kAssignment,     // targets, values
        kCall,           // values[0]
        kDo,             // blocks[0]
        kWhile,          // values[0], blocks[0]
        kRepeat,         // blocks[0], values[0]
        kIf,             // values: tests; blocks: as many, plus one for else
        kNumericFor,     // locals[0], values, blocks[0]
        kGenericFor,     // locals, values, blocks[0]
        kFunction,       // targets[0], function (`function a.b.c()`)
        kLocalFunction,  // locals[0], function
        kReturn,         // values
        kBreak,
        kGoto,
        kLabel
    };
    Kind kind = Kind::kBreak;
    Position at;
    std::string text;  // label
    std::vector<LocalId> locals;
    std::vector<ExpressionPtr> targets;
    std::vector<ExpressionPtr> values;
    std::vector<Block> blocks;
    std::unique_ptr<Function> function;
};

struct SyntaxError {
    Position at;
    std::string message;
};

// One file.
struct Chunk {
    std::vector<Local> locals;
    Block body;
};

}  // namespace tideway::script
