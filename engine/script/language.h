// Every name that a flow can reach, in one table: analysis, the test of the editor stubs and the
// manual are driven by it. Connectors' operations and triggers are not in it; their specs say them.
// Thread: any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tideway::script {

// What analysis does with a call.
enum class WordKind {
    kDeclare,     // flow, connection, env, require, trigger.*
    kStep,        // one node of the outline
    kStructure,   // a node of the outline with what its body does
    kEffectless,  // everything else: values, libraries, plain Lua
};

// Which arguments are literals: the checker insists where history or the pack's files need the
// text.
enum class LiteralArgument {
    kNone,
    kStepName,          // the first: a step's, scope's or condition's name
    kStepNameOptional,  // as kStepName when there are two arguments
    kReference,         // the first: a connection, variable or module
};

constexpr int kManyArguments = 255;

struct LanguageFunction {
    std::string_view name;  // "compose", "time.add"
    int arguments_min = 0;
    int arguments_max = 0;
    WordKind kind = WordKind::kEffectless;
    LiteralArgument literal = LiteralArgument::kNone;
    int options_at = 0;  // which argument is the table of its options; 0: none
};

std::span<const LanguageFunction> language_functions();
const LanguageFunction* find_language_function(std::string_view name);

// Values that are not functions: "null", "run_info", "math.pi".
std::span<const std::string_view> language_values();

// "time", "string": the name is a table of the language.
bool is_language_table(std::string_view name);
// True for functions, values and tables.
bool is_language_name(std::string_view name);

// A thing of plain Lua that flows do not have, and what to write instead.
struct UnavailableName {
    std::string_view name;  // "os", "os.time", "print"
    std::string_view instead;
};

const UnavailableName* find_unavailable_name(std::string_view name);

// The fields of the table given to flow{}, and of any trigger's table besides its own.
std::span<const std::string_view> flow_fields();
std::span<const std::string_view> trigger_fields();

// The fields that a built-in trigger has besides those of any trigger. Absent: its fields are not
// known here.
std::optional<std::span<const std::string_view>> own_trigger_fields(std::string_view trigger);

// The fields of the options of an operation, of run_child_flow, and of any other step that has
// some.
std::span<const std::string_view> operation_options();
std::span<const std::string_view> child_options();
std::span<const std::string_view> step_options();
// The fields of `static_result` in them.
std::span<const std::string_view> static_result_fields();

// The candidate nearest to `name` by edit distance, or empty when none is near enough to be meant.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace tideway::script
