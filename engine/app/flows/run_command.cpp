// flows run FLOW: --input, --input-file, --set, --dry-run
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "engine/app/flows/flow_commands.h"
#include "engine/app/flows/muted_run.h"
#include "engine/model/manual_inputs.h"

namespace tideway::app {

namespace {

struct RunFlowOptions {
    std::string flow;
    std::string input;
    std::string input_file;
    std::vector<std::string> set;
    bool is_dry = false;
    bool is_draft = false;
    int timeout_s = 120;
};

tl::unexpected<Error> wrong_argument(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidArgument", std::move(message), std::move(remedy));
}

// Bytes as they are.
Result<std::string> read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(in), {});
    if (!in || std::filesystem::is_directory(path)) {
        return fail(
            ErrorKind::kNotFound,
            "FileUnreadable",
            "The file " + path + " cannot be read.",
            "Check its name."
        );
    }
    return bytes;
}

Result<Json> given_input(const RunFlowOptions& options) {
    if (!options.input.empty() && !options.input_file.empty()) {
        return wrong_argument("--input and --input-file are both given.", "Use one of them.");
    }
    if (!options.input_file.empty()) {
        TIDEWAY_TRY_ASSIGN(const std::string text, read_bytes(options.input_file));
        return parse_json(text, options.input_file);
    }
    return parse_json(options.input.empty() ? "{}" : options.input, "--input");
}

Result<Json> value_of(const model::ManualInput& input, const std::string& text) {
    if (input.type != model::InputType::kFile) {
        return model::input_from_text(input, text);
    }
    TIDEWAY_TRY_ASSIGN(const std::string bytes, read_bytes(text));
    return model::file_input(std::filesystem::path(text).filename().string(), bytes);
}

// One --set, by the flow's description of its inputs.
Status set_input(
    const std::vector<model::ManualInput>& inputs, const std::string& set, Json& event
) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
        return wrong_argument("--set " + set + " names no input.", "Write --set name=value.");
    }
    const std::string name = set.substr(0, equals);
    const auto input = std::ranges::find(inputs, name, &model::ManualInput::name);
    if (input == inputs.end()) {
        return wrong_argument(
            "The flow has no input '" + name + "'.", "Its inputs are listed above."
        );
    }
    TIDEWAY_TRY_ASSIGN(Json value, value_of(*input, set.substr(equals + 1)));
    if (input->type == model::InputType::kChoices) {
        event[name].push_back(std::move(value));
    } else {
        event[name] = std::move(value);
    }
    return {};
}

// --input and what --set puts over it.
Result<Json> event_of(const RunFlowOptions& options, const Json& form) {
    TIDEWAY_TRY_ASSIGN(Json event, given_input(options));
    if (options.set.empty()) {
        return event;
    }
    const Json* declared = find(form, "inputs");
    if (declared == nullptr || declared->is_null()) {
        return wrong_argument(
            "The flow does not say what its inputs are, so --set cannot know their types.",
            "Use --input with JSON, or declare them: trigger.manual { inputs = { ... } }."
        );
    }
    if (!event.is_object()) {
        return wrong_argument("--set needs an object in --input.", "Write --input '{...}'.");
    }
    TIDEWAY_TRY_ASSIGN(const auto inputs, model::parse_inputs(*declared));
    for (const model::ManualInput& input : inputs) {
        const bool is_set = std::ranges::any_of(options.set, [&input](const std::string& set) {
            return set.starts_with(input.name + "=");
        });
        if (is_set) {
            event.erase(input.name);
        }
    }
    for (const std::string& set : options.set) {
        TIDEWAY_TRY(set_input(inputs, set, event));
    }
    return event;
}

void print_runs(const Json& answer) {
    for (const Json& run : answer["runs"]) {
        std::cout << "run " << run.get<std::string>() << "\n  watch it: tideway runs show "
                  << run.get<std::string>() << "\n";
    }
    if (answer["runs"].empty()) {
        std::cout << "no run: " << string_or(answer, "reason", string_or(answer, "status")) << "\n";
    }
}

// What the run would have done, once it has ended.
Status show_dry_run(
    const Globals& globals, ApiClient& client, const std::string& run, int timeout_s
) {
    TIDEWAY_TRY_ASSIGN(const Json ended, ended_run(client, run, timeout_s));
    TIDEWAY_TRY_ASSIGN(const Json effects, muted_effects(client, ended));
    if (globals.json) {
        Json out = {{"run", run}, {"status", string_or(ended, "status")}, {"effects", effects}};
        for (const char* name : {"outcome", "outcome_reason", "output", "error"}) {
            if (const Json* value = find(ended, name)) {
                out[name] = *value;
            }
        }
        print_json(out);
        return {};
    }
    std::cout << string_or(ended, "headline", string_or(ended, "status")) << "\n"
              << (effects.empty() ? "Nothing would be changed.\n"
                                  : "Nothing was changed. What would be changed:\n");
    print_effects(std::cout, effects);
    std::cout << "Step by step: tideway runs show " << run << " --contents\n";
    return {};
}

Status run_flow(const Globals& globals, const RunFlowOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const std::string flow, full_flow_name(*client, options.flow));
    TIDEWAY_TRY_ASSIGN(const Json form, client->get("/flows/" + flow + "/inputs"));
    const auto explain = [&globals, &form](Error error) {
        const bool is_about_inputs =
            error.code == "TriggerInputSchemaMismatch" || error.code == "InvalidArgument";
        if (is_about_inputs && !globals.json) {
            print_inputs(std::cerr, form["inputs"]);
        }
        return fail(std::move(error));
    };
    auto event = event_of(options, form);
    if (!event) {
        return explain(std::move(event.error()));
    }
    Json body = {{"input", *event}};
    if (options.is_dry) {
        body["effects"] = "muted";
        body["code"] = options.is_draft ? "draft" : "current";
    }
    auto answer = client->post("/flows/" + flow + "/run", body);
    if (!answer) {
        return explain(std::move(answer.error()));
    }
    if (options.is_dry && !answer->at("runs").empty()) {
        return show_dry_run(globals, *client, answer->at("runs").at(0), options.timeout_s);
    }
    if (globals.json) {
        print_json(*answer);
    } else {
        print_runs(*answer);
    }
    return {};
}

std::string about(const Json& input) {
    std::string out = string_or(input, "title");
    const std::string description = string_or(input, "description");
    if (!description.empty()) {
        out += (out.empty() ? "" : ": ") + description;
    }
    if (const Json* choices = find(input, "choices")) {
        std::string listed;
        for (const Json& choice : *choices) {
            listed += (listed.empty() ? "" : ", ") + choice.get<std::string>();
        }
        out += " (" + listed + ")";
    }
    return out;
}

}  // namespace

Result<std::string> full_flow_name(ApiClient& client, const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    TIDEWAY_TRY_ASSIGN(const Json flows, client.get("/flows"));
    std::string found;
    for (const Json& flow : flows["value"]) {
        if (string_or(flow, "name") == name) {
            found = string_or(flow, "pack") + "/" + name;
        }
    }
    if (found.empty()) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowNotFound",
            "There is no flow '" + name + "'.",
            "List them with: tideway flows list"
        );
    }
    return found;
}

void print_inputs(std::ostream& out, const Json& inputs) {
    if (!inputs.is_array() || inputs.empty()) {
        return;
    }
    Table table({"INPUT", "TYPE", "REQUIRED", "DEFAULT", "ABOUT"});
    for (const Json& input : inputs) {
        const Json* fallback = find(input, "default");
        const bool is_text = fallback != nullptr && fallback->is_string();
        table.add(
            {string_or(input, "name"),
             string_or(input, "type"),
             bool_or(input, "required", false) ? "yes" : "no",
             fallback == nullptr ? ""
             : is_text           ? fallback->get<std::string>()
                                 : dump(*fallback),
             about(input)}
        );
    }
    table.print(out);
}

void add_flow_run_command(CLI::App& flows, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<RunFlowOptions>();
    CLI::App* run = flows.add_subcommand("run", "Run a flow now");
    run->add_option("flow", options->flow, "pack/flow or flow")->required();
    run->add_option("--input", options->input, "The trigger's input as JSON");
    run->add_option("--input-file", options->input_file, "The same from a file");
    run->add_option(
           "--set",
           options->set,
           "name=value of one input, again for others; yes or no, a path for a file, once for each "
           "of several choices. flows show FLOW lists the inputs"
    )
        ->allow_extra_args(false);
    CLI::Option* dry = run->add_flag(
        "--dry-run", options->is_dry, "Change nothing outside: show what would be done"
    );
    run->add_flag("--draft", options->is_draft, "With --dry-run: as the flow is edited")
        ->needs(dry);
    run->add_option("--timeout", options->timeout_s, "Seconds to wait for the end of a dry run");
    run->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return run_flow(globals, *options); }));
    });
}

}  // namespace tideway::app
