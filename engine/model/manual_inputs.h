// What a person is asked for before a flow runs: trigger.manual { inputs = { ... } }. One
// description, from which come the check of the declaration, the check of what is given, the JSON
// Schema for forms, and what a command line turns into values. Thread: any.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/model/schema.h"

namespace tideway::model {

enum class InputType { kText, kNumber, kYesNo, kDate, kEmail, kChoice, kChoices, kFile };
std::string_view to_string(InputType type);  // "text", "yes_no" ...
std::span<const std::string_view> input_type_names();

struct ManualInput {
    std::string name;  // the field of the event
    InputType type = InputType::kText;
    std::string title;  // for people; the name when nothing is said
    std::string description;
    bool is_required = false;
    Json fallback;                     // `default`; null: none
    std::vector<std::string> choices;  // of kChoice (one of them) and kChoices (several)
};

// The fields that one input may have in a declaration.
std::span<const std::string_view> manual_input_fields();

struct InputProblem {
    std::size_t index = 0;  // of the input in the declared list
    std::string field;      // or empty: the input as a whole
    std::string message;    // "the default of 'amount' must be a number, is \"ten\""
};

struct DeclaredInputs {
    std::vector<ManualInput> inputs;     // those that are right
    std::vector<InputProblem> problems;  // in the order of the text
};

// Reads the list that an author wrote, and finds everything that is wrong with it.
DeclaredInputs read_inputs(const Json& declared);

// The same, with the problems as one Error: code "InvalidFlowSetting".
Result<std::vector<ManualInput>> parse_inputs(const Json& declared);

// A form's description: JSON Schema of the event, with titles, descriptions and defaults; each
// property says its type of input as "x-input".
Json inputs_schema(std::span<const ManualInput> inputs);

// The same as a list in the declared order, in the declaration's words. parse_inputs() reads it.
Json inputs_list(std::span<const ManualInput> inputs);

// What a run gets: `given` without nulls, with defaults. Code "TriggerInputSchemaMismatch": names
// everything that is wrong, details {"problems":[...]}. `what` is "The input of the flow 'x'".
Result<Json> take_inputs(
    std::span<const ManualInput> inputs,
    const Json& given,
    std::string_view what,
    Quoting quoting = Quoting::kValues
);

// What somebody typed, by the type of the input: "12.5" is a number, "yes" is true, of kChoices it
// is one of several. Code "InvalidArgument". Not for files.
Result<Json> input_from_text(const ManualInput& input, std::string_view text);

// The value of a file input.
Json file_input(std::string_view name, std::string_view bytes);

}  // namespace tideway::model
