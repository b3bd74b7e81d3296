#include "engine/script/analysis/call_check.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/model/retry_policy.h"
#include "engine/script/analysis/option_check.h"
#include "engine/script/analysis/table_check.h"
#include "engine/script/analysis/trigger_check.h"

namespace tideway::script::analysis {
namespace {

using Kind = Expression::Kind;
constexpr std::string_view kTriggerPrefix = "trigger.";

// "2 arguments", "1 to 3 arguments", "at least 1 argument".
std::string count_text(int least, int most) {
    std::string out;
    if (most == kManyArguments) {
        out = "at least " + std::to_string(least);
    } else if (least == most) {
        out = least == 0 ? "no" : std::to_string(least);
    } else {
        out = std::to_string(least) + " to " + std::to_string(most);
    }
    const int last = most == kManyArguments ? least : most;
    return out + (last == 1 ? " argument" : " arguments");
}

// The last argument may stand for any number of values.
bool is_open_ended(const Expression& argument) {
    return argument.kind == Kind::kCall || argument.kind == Kind::kMethodCall ||
           argument.kind == Kind::kVararg;
}

}  // namespace

const model::ConnectorSpec* CallCheck::spec(const std::string& reference) const {
    if (connections_ == nullptr) {
        return nullptr;
    }
    const auto found = connections_->find(reference);
    return found == connections_->end() ? nullptr : found->second;
}

std::vector<std::string> CallCheck::references() const {
    std::vector<std::string> names;
    for (const auto& [name, spec] : *connections_) {
        names.push_back(name);
    }
    return names;
}

const model::TriggerSpec* CallCheck::trigger_spec(std::string_view name) const {
    if (connections_ == nullptr) {
        return nullptr;
    }
    for (const auto& [reference, spec] : *connections_) {
        if (spec == nullptr) {
            continue;
        }
        for (const model::TriggerSpec& trigger : spec->triggers) {
            if (name == spec->id + "_" + trigger.id) {
                return &trigger;
            }
        }
    }
    return nullptr;
}

bool CallCheck::is_trigger(std::string_view name) const {
    const std::string full = std::string(kTriggerPrefix) + std::string(name);
    return find_language_function(full) != nullptr || connections_ == nullptr ||
           trigger_spec(name) != nullptr;
}

void CallCheck::call(
    const Expression& call, const Meaning& callee, const Frame& frame, Parameters parameters
) {
    if (callee.kind == Meaning::Kind::kLanguage) {
        language_call(call, callee.text, frame, parameters);
    } else if (callee.kind == Meaning::Kind::kOperation) {
        operation_call(call, callee, frame, parameters);
    }
}

void CallCheck::arity(
    const Expression& call,
    const std::string& name,
    int arguments_min,
    int arguments_max,
    const Frame& frame
) {
    const int given = static_cast<int>(call.parts.size()) - 1;
    const bool open = given > 0 && is_open_ended(*call.parts.back());
    const int least = open ? given - 1 : given;  // the last may give none
    if ((given >= arguments_min || open) && least <= arguments_max) {
        return;
    }
    add(frame,
        call.at,
        {.code = "arity",
         .message = name + " takes " + count_text(arguments_min, arguments_max) +
                    ", here it gets " + std::to_string(given),
         .suggestion = ""});
}

void CallCheck::step_name(
    const Expression& name, const std::string& callee, const Frame& frame, Parameters parameters
) {
    const Meaning meaning = sources_.resolve(name, frame);
    if (meaning.kind == Meaning::Kind::kText) {
        if (meaning.text.empty() || meaning.text.size() > limits::kNameBytesMax) {
            add(frame,
                name.at,
                {.code = "name-length",
                 .message = "the name given to " + callee + " must have 1 to " +
                            std::to_string(limits::kNameBytesMax) + " bytes",
                 .suggestion = ""});
        }
        return;
    }
    if (meaning.kind == Meaning::Kind::kParameter && parameters == Parameters::kMayBeLiterals) {
        return;
    }
    add(frame,
        name.at,
        {.code = "name-not-literal",
         .message =
             "the name given to " + callee +
             " must be a text in quotes, so that the outline is known before a run; the same "
             "name again in a loop is numbered by itself",
         .suggestion = ""});
}

void CallCheck::reference(
    const Expression& call, const std::string& callee, const Frame& frame, Parameters parameters
) {
    const Expression& argument = *call.parts[1];
    const Meaning meaning = sources_.resolve(argument, frame);
    if (meaning.kind != Meaning::Kind::kText) {
        if (meaning.kind != Meaning::Kind::kParameter || parameters == Parameters::kAreKnown) {
            add(frame,
                argument.at,
                {.code = "name-not-literal",
                 .message = "what is given to " + callee +
                            " must be a text in quotes, so that it is known before a run",
                 .suggestion = ""});
        }
        return;
    }
    if (callee == "env") {
        mentions_.variables.insert(meaning.text);
        return;
    }
    if (callee == "require") {
        if (sources_.path_of_module(meaning.text).empty()) {
            add(frame,
                argument.at,
                {.code = "unknown-module",
                 .message = "the pack has no file for require \"" + meaning.text + "\"",
                 .suggestion = ""});
        }
        return;
    }
    mentions_.connections.insert(meaning.text);
    if (connections_ != nullptr && !connections_->contains(meaning.text)) {
        add(frame,
            argument.at,
            {.code = "unknown-connection",
             .message =
                 "the pack has no connection reference '" + meaning.text + "'; add it to pack.json",
             .suggestion = nearest_name(meaning.text, references())});
    }
}

void CallCheck::child(const Expression& call, const Frame& frame, Parameters parameters) {
    if (call.parts.size() < 3) {
        return;
    }
    const Meaning meaning = sources_.resolve(*call.parts[2], frame);
    if (meaning.kind == Meaning::Kind::kText) {
        mentions_.children.insert(meaning.text);
        return;
    }
    if (meaning.kind == Meaning::Kind::kParameter && parameters == Parameters::kMayBeLiterals) {
        return;
    }
    add(frame,
        call.parts[2]->at,
        {.severity = Finding::Severity::kWarning,
         .code = "name-not-literal",
         .message =
             "the flow that run_child_flow starts is not a text in quotes, so it is not seen as "
             "used by this flow",
         .suggestion = ""});
}

void CallCheck::callback(const Expression& call, const Frame& frame, Parameters parameters) {
    if (call.parts.size() < 3) {
        return;
    }
    const Expression& last = *call.parts.back();
    const Meaning body = sources_.resolve(last, frame);
    const bool may_be_known =
        body.kind == Meaning::Kind::kParameter && parameters == Parameters::kMayBeLiterals;
    if (body.kind != Meaning::Kind::kFunction && !may_be_known) {
        add(frame,
            last.at,
            {.code = "body-not-function",
             .message =
                 "the last argument of wait_for_callback must be a function of this pack that gets "
                 "the address, so that its steps are known before a run",
             .suggestion = "function(address) ... end"});
    }
    if (call.parts.size() > 3 && call.parts[2]->kind == Kind::kTable) {
        time_limited(
            *call.parts[2],
            "wait_for_callback",
            {{"secure", secure_schema()}, {"static_result", static_result_schema()}},
            frame
        );
        static_result(call, *call.parts[2], frame);
    }
}

// So that nobody wonders why nothing happens.
void CallCheck::static_result(
    const Expression& call, const Expression& options, const Frame& frame
) {
    const Expression* field = field_value(options, "static_result");
    if (field == nullptr || field->kind == Kind::kNil || field->kind == Kind::kFalse) {
        return;
    }
    const Meaning name = sources_.resolve(*call.parts[1], frame);
    add(frame,
        field->at,
        {.severity = Finding::Severity::kWarning,
         .code = "static-result",
         .message = (name.kind == Meaning::Kind::kText ? "'" + name.text + "'" : "this step") +
                    " does not take place: it has a static result, for testing",
         .suggestion = "take static_result away before the flow does its work"});
}

void CallCheck::time_limited(
    const Expression& options, const std::string& name, Json properties, const Frame& frame
) {
    properties["timeout"] = {{"type", Json::array({"string", "number"})}};
    const Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
    check_table(options, schema, {frame.file->path, findings_, name, {}});
    check_duration(options, name, frame);
}

void CallCheck::check_duration(
    const Expression& options, const std::string& name, const Frame& frame
) {
    const Expression* timeout = field_value(options, "timeout");
    if (timeout != nullptr && timeout->kind == Kind::kString &&
        !model::parse_duration(timeout->text)) {
        add(frame,
            timeout->at,
            {.code = "wrong-value",
             .message = name + ": '" + timeout->text + "' is not a duration",
             .suggestion = "PT1H, PT30M or P1D"});
    }
}

void CallCheck::language_call(
    const Expression& call, const std::string& name, const Frame& frame, Parameters parameters
) {
    if (name.starts_with(kTriggerPrefix)) {
        trigger_call(call, name.substr(kTriggerPrefix.size()), frame);
        return;
    }
    const LanguageFunction* function = find_language_function(name);
    if (function == nullptr) {
        return;
    }
    arity(call, name, function->arguments_min, function->arguments_max, frame);
    if (call.parts.size() < 2) {
        return;
    }
    switch (function->literal) {
        case LiteralArgument::kNone:
            break;
        case LiteralArgument::kStepNameOptional:
            if (call.parts.size() > 2) {
                step_name(*call.parts[1], name, frame, parameters);
            }
            break;
        case LiteralArgument::kStepName:
            step_name(*call.parts[1], name, frame, parameters);
            break;
        case LiteralArgument::kReference:
            reference(call, name, frame, parameters);
            break;
    }
    if (name == "run_child_flow") {
        child(call, frame, parameters);
        if (const Expression* options = table_at(call, 4, frame)) {
            check_duration(*options, name, frame);
        }
    } else if (name == "wait_for_callback") {
        callback(call, frame, parameters);
    } else if (name == "wait_for_decision") {
        if (const Expression* question = table_at(call, 2, frame)) {
            time_limited(*question, name, question_schema(), frame);
        }
    } else if ((name == "scope" || name == "try") && call.parts.size() > 3) {
        if (const Expression* options = table_at(call, 2, frame)) {
            time_limited(*options, name, Json::object(), frame);
        }
    }
    step_options_of(call, *function, frame);
}

const Expression* CallCheck::table_at(const Expression& call, int argument, const Frame& frame) {
    const auto at = static_cast<std::size_t>(argument);
    if (argument == 0 || call.parts.size() <= at) {
        return nullptr;
    }
    const Expression& table = Sources::follow(*call.parts[at], frame);
    return table.kind == Kind::kTable ? &table : nullptr;
}

void CallCheck::step_options_of(
    const Expression& call, const LanguageFunction& function, const Frame& frame
) {
    const std::string name(function.name);
    if (const Expression* options = table_at(call, function.options_at, frame)) {
        check_options(
            *options,
            name == "run_child_flow" ? child_options() : step_options(),
            {frame.file->path, findings_, "the options of " + name, {}}
        );
        static_result(call, *options, frame);
    }
}

void CallCheck::trigger_call(const Expression& call, const std::string& name, const Frame& frame) {
    arity(call, std::string(kTriggerPrefix) + name, 0, 1, frame);
    const Expression* table = table_at(call, 1, frame);
    if (table == nullptr) {
        return;
    }
    idle_settings(*table, name, frame);
    const auto extra = trigger_fields();
    const TableCheck check{
        frame.file->path,
        findings_,
        std::string(kTriggerPrefix) + name,
        std::vector<std::string>(extra.begin(), extra.end())};
    check_secure(*table, check);
    check_built_in_trigger(*table, name, frame, check);
    if (const model::TriggerSpec* spec = trigger_spec(name)) {
        check_table(*table, spec->config_schema, check);
    }
}

// Settings about when runs start that change nothing where they are written.
void CallCheck::idle_settings(
    const Expression& table, const std::string& trigger, const Frame& frame
) {
    const auto find = [&table](std::string_view name) {
        const auto field = std::ranges::find_if(table.fields, [name](const TableField& one) {
            return one.key && one.key->kind == Kind::kString && one.key->text == name;
        });
        return field == table.fields.end() ? nullptr : &*field;
    };
    const auto warn = [this, &frame](const TableField& field, std::string message) {
        add(frame,
            field.at,
            {.severity = Finding::Severity::kWarning,
             .code = "idle-setting",
             .message = std::move(message),
             .suggestion = ""});
    };
    for (const char* name : {"concurrency", "one_at_a_time_by", "coalesce_by"}) {
        const TableField* field = find(name);
        if (field != nullptr && trigger == "child") {
            warn(
                *field,
                std::string(name) +
                    " does nothing in trigger.child: a run that is called starts at once; use "
                    "exclusive in the flow"
            );
        }
    }
    const TableField* coalesce = find("coalesce_by");
    if (coalesce != nullptr && trigger != "child" && find("concurrency") == nullptr &&
        find("one_at_a_time_by") == nullptr) {
        warn(
            *coalesce,
            "coalesce_by does nothing alone: without concurrency or one_at_a_time_by no run waits"
        );
    }
}

void CallCheck::operation_name(const Expression& at, const Meaning& operation, const Frame& frame) {
    const model::ConnectorSpec* connector = spec(operation.text);
    if (connector == nullptr || connector->operation(operation.field) != nullptr) {
        return;
    }
    std::vector<std::string> names;
    for (const model::OperationSpec& known : connector->operations) {
        names.push_back(known.id);
    }
    add(frame,
        at.at,
        {.code = "unknown-operation",
         .message = "connection '" + operation.text + "' (" + connector->id +
                    ") has no operation '" + operation.field + "'",
         .suggestion = nearest_name(operation.field, names)});
}

void CallCheck::operation_call(
    const Expression& call, const Meaning& callee, const Frame& frame, Parameters parameters
) {
    const std::string name = callee.text + "." + callee.field;
    const model::ConnectorSpec* connector = spec(callee.text);
    const model::OperationSpec* operation =
        connector != nullptr ? connector->operation(callee.field) : nullptr;
    if (connector != nullptr && operation == nullptr) {
        operation_name(*call.parts[0], callee, frame);
        return;
    }
    arity(call, name, 1, 3, frame);
    if (call.parts.size() > 1) {
        step_name(*call.parts[1], name, frame, parameters);
    }
    if (operation != nullptr) {
        operation_input(call, *operation, frame);
    }
    if (const Expression* options = table_at(call, 3, frame)) {
        check_options(
            *options,
            operation_options(),
            {frame.file->path, findings_, "the options of " + name, {}}
        );
        static_result(call, *options, frame);
    }
}

void CallCheck::operation_input(
    const Expression& call, const model::OperationSpec& operation, const Frame& frame
) {
    TableCheck check{frame.file->path, findings_, operation.id, {}};
    if (operation.creates) {
        check.extra.emplace_back("key");
    }
    if (call.parts.size() < 3) {
        if (const Json* required = find(operation.input_schema, "required");
            required != nullptr && !required->empty() && !is_open_ended(*call.parts.back())) {
            add(frame,
                call.at,
                {.code = "missing-field",
                 .message = operation.id + " needs an input: a table after the step's name",
                 .suggestion = ""});
        }
        return;
    }
    // Only a table written right here: one in a local may get fields later.
    const Expression& input = *call.parts[2];
    if (input.kind != Kind::kTable) {
        return;
    }
    check_table(input, operation.input_schema, check);
    const std::vector<std::string> keys = literal_keys(input);
    if (operation.creates && keys.size() == input.fields.size() &&
        std::ranges::find(keys, "key") == keys.end()) {
        add(frame,
            call.at,
            {.severity = Finding::Severity::kWarning,
             .code = "create-without-key",
             .message =
                 operation.id +
                 " has no business key: another run for the same thing could make a second record",
             .suggestion = "key = { \"what it is\", id }"});
    }
}

}  // namespace tideway::script::analysis
