// The Lua files of a flow as trees, and what their expressions stand for without running them.
// Thread: any one.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/script/syntax/lua_parser.h"

namespace tideway::script::analysis {

struct SourceFile {
    std::string path;  // "lib/mapping.lua"
    Chunk chunk;
    // What `local.field = value` and `function local.field()` put into a table that a local names.
    std::map<std::pair<LocalId, std::string>, const Expression*> members;
    std::map<std::pair<LocalId, std::string>, const Function*> methods;
};

struct Frame;

// What an expression stands for. Borrowed pointers live as long as the Sources and the frames.
struct Meaning {
    enum class Kind {
        kUnknown,
        kParameter,   // of a function whose caller is not known here
        kText,        // text: a literal, perhaps put together from literals
        kNumber,      // text
        kLanguage,    // text: a name of the flow language, "time.add"; or of plain Lua, "os.time"
        kConnection,  // text: its reference
        kOperation,   // text: the connection's reference; field: the operation
        kFunction,    // function, frame: where it was made
        kTable,       // table; owner: the local that names it
        kJson,        // a JSON file of the pack
    };
    Kind kind = Kind::kUnknown;
    std::string text;
    std::string field;
    const SourceFile* file = nullptr;
    const Frame* frame = nullptr;
    const Function* function = nullptr;
    const Expression* table = nullptr;
    LocalId owner = kNoLocal;
};

// What is known of local variables while one function is looked at.
struct Frame {
    const SourceFile* file = nullptr;
    const Frame* outer = nullptr;  // of the function around it, or null
    std::map<LocalId, Meaning> bindings;
};

// Parses all .lua files. Not copied or moved: trees point into each other.
class Sources {
  public:
    // `files`: path in the pack -> text, as in model::FlowVersion.
    explicit Sources(const std::map<std::string, std::string>& files);
    Sources(const Sources&) = delete;
    Sources& operator=(const Sources&) = delete;

    // Null when there is no such file or it cannot be parsed.
    const SourceFile* find(std::string_view path) const;

    // Syntax errors by path.
    const std::map<std::string, SyntaxError>& errors() const { return errors_; }

    // What require "name" runs or reads: the path, or empty when the pack has none.
    std::string path_of_module(std::string_view name) const;

    // A frame without bindings, for the file's own text.
    const Frame& root(const SourceFile& file) const;

    Meaning resolve(const Expression& expression, const Frame& frame) const;

    // The field of what `object` stands for.
    Meaning member(const Meaning& object, const std::string& name) const;

    // Follows locals that are never assigned to the expression that gave them their value.
    static const Expression& follow(const Expression& expression, const Frame& frame);

  private:
    struct Budget;
    Meaning resolve(const Expression& expression, const Frame& frame, Budget& budget) const;
    Meaning resolve_name(const Expression& name, const Frame& frame, Budget& budget) const;
    Meaning resolve_call(const Expression& call, const Frame& frame, Budget& budget) const;
    Meaning resolve_text(const Expression& binary, const Frame& frame, Budget& budget) const;
    Meaning resolve_module(std::string_view name, Budget& budget) const;
    Meaning member(const Meaning& object, const std::string& name, Budget& budget) const;

    std::map<std::string, std::unique_ptr<SourceFile>, std::less<>> files_;
    std::map<std::string, Frame, std::less<>> roots_;
    std::map<std::string, SyntaxError> errors_;
    std::map<std::string, bool, std::less<>> json_files_;
};

}  // namespace tideway::script::analysis
