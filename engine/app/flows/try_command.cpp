// flows try RUN: the draft with the event of an earlier run, compared with what that run did.
#include <iostream>
#include <map>
#include <vector>

#include "engine/app/flows/flow_commands.h"
#include "engine/app/flows/muted_run.h"
#include "engine/app/flows/sandbox_trial.h"
#include "engine/runtime/drafts/key_changes.h"

namespace tideway::app {

namespace {

struct TryOptions {
    std::string run;
    SandboxTrial trial;
};

// What the earlier run changed: the steps of its ledger, or those that were muted in it.
std::map<std::string, CalledStep> effects_of(const Json& run) {
    std::map<std::string, CalledStep> out;
    for (CalledStep& step : called_steps(run)) {
        bool is_effect = step.is_muted;
        for (const Json& effect : run.value("effects", Json::array())) {
            is_effect = is_effect || string_or(effect, "step") == step.path;
        }
        if (is_effect) {
            const std::string path = step.path;
            out.emplace(path, std::move(step));
        }
    }
    return out;
}

Json as_json(const std::optional<Json>& value) {
    return value ? *value : Json();
}

// {"step", "operation", "is": "same"|"other"|"new"|"gone", "changes"}
Json comparison(const Json& original, const Json& tried) {
    std::map<std::string, CalledStep> before = effects_of(original);
    Json out = Json::array();
    for (const CalledStep& step : muted_steps(tried)) {
        Json entry = {{"step", step.path}, {"operation", step.operation}, {"input", step.input}};
        const auto was = before.find(step.path);
        if (was == before.end()) {
            entry["is"] = "new";
        } else {
            const auto changes = runtime::key_changes(was->second.input, step.input);
            entry["is"] = changes.empty() ? "same" : "other";
            for (const runtime::KeyChange& change : changes) {
                entry["changes"].push_back(
                    {{"key", change.key},
                     {"before", as_json(change.before)},
                     {"after", as_json(change.after)}}
                );
            }
            before.erase(was);
        }
        out.push_back(std::move(entry));
    }
    for (const auto& [path, step] : before) {
        out.push_back(
            {{"step", path}, {"operation", step.operation}, {"input", step.input}, {"is", "gone"}}
        );
    }
    return out;
}

void print_comparison(const Json& effects) {
    if (effects.empty()) {
        std::cout << "It would change nothing, as before.\n";
    }
    for (const Json& effect : effects) {
        const std::string is = string_or(effect, "is");
        std::cout << (is == "same"    ? "  as before  "
                      : is == "other" ? "  otherwise  "
                      : is == "new"   ? "  new        "
                                      : "  not done   ")
                  << string_or(effect, "step") << "  " << string_or(effect, "operation") << "\n";
        if (is == "new") {
            std::cout << "      " << dump(effect.at("input")) << "\n";
        }
        for (const Json& change : effect.value("changes", Json::array())) {
            std::cout << "      " << string_or(change, "key") << ": " << dump(change.at("before"))
                      << " -> " << dump(change.at("after")) << "\n";
        }
    }
}

Status try_run(const Globals& globals, const TryOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json original, client->get("/runs/" + options.run + "?contents=true"));
    const auto admitted = client->post("/runs/" + options.run + "/try");
    if (!admitted) {
        const auto details = parse_json(admitted.error().details, "details");
        if (details && !globals.json) {
            for (const Json& finding : details->value("findings", Json::array())) {
                print_finding(std::cerr, finding);
            }
        }
        return fail(admitted.error());
    }
    const std::string id = admitted->at("runs").at(0).get<std::string>();
    TIDEWAY_TRY_ASSIGN(const Json tried, ended_run(*client, id, options.trial.timeout_s));
    const Json effects = comparison(original, tried);
    if (globals.json) {
        print_json(
            {{"run", id},
             {"status", string_or(tried, "status")},
             {"status_before", string_or(original, "status")},
             {"outcome", string_or(tried, "outcome")},
             {"effects", effects}}
        );
        return {};
    }
    std::cout << string_or(tried, "headline", string_or(tried, "status")) << "\n"
              << "  before  " << string_or(original, "headline", string_or(original, "status"))
              << "\n"
              << "Nothing was changed. What it would change, beside the earlier run:\n";
    print_comparison(effects);
    std::cout << "Step by step: tideway runs show " << id << " --contents\n";
    return {};
}

}  // namespace

void add_try_command(CLI::App& flows, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<TryOptions>();
    CLI::App* command = flows.add_subcommand(
        "try",
        "Run the draft with the event of an earlier run, nothing is changed outside; or, with "
        "--sandbox, against the sandboxes"
    );
    command->add_option("run", options->run, "Whose event; its flow's draft runs");
    SandboxTrial& trial = options->trial;
    command->add_option(
        "--sandbox", trial.flow, "pack/flow, or folder/flow: runs in a throw-away environment"
    );
    command->add_option("--input", trial.input, "--sandbox: the event as JSON, or @file");
    command->add_option("--event-of", trial.event_of, "--sandbox: the event of this run");
    command->add_option(
        "--setup", trial.setup_file, "--sandbox: JSON file with what the sandboxes have before"
    );
    command->add_flag("--contents", trial.contents, "--sandbox: with inputs and outputs");
    command->add_option("--timeout", trial.timeout_s, "Seconds to wait for its end");
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&]() -> Status {
            if (options->run.empty() == options->trial.flow.empty()) {
                return fail(
                    ErrorKind::kInvalidInput,
                    "InvalidArgument",
                    "flows try takes the id of a run, or --sandbox with a flow.",
                    "Such as: tideway flows try --sandbox my_pack/my_flow --input '{}'"
                );
            }
            return options->run.empty() ? try_in_sandboxes(globals, options->trial)
                                        : try_run(globals, *options);
        }));
    });
}

}  // namespace tideway::app
