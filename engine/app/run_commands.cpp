// runs show|resume|decide|watch
#include <algorithm>
#include <iostream>
#include <thread>

#include "engine/app/command_line.h"
#include "engine/app/history/run_search_commands.h"
#include "engine/app/history/step_print.h"
#include "engine/app/resubmit/resubmit_command.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct RunOptions {
    std::string run;
    std::string step;
    std::string decision;
    std::string output;
    bool contents = false;
    bool all = false;
};

// What it tracked, and the runs that belong to it.
void print_history_around(const Json& run) {
    const Json tracked = run.value("tracked", Json::object());
    for (const auto& [name, values] : tracked.items()) {
        for (const Json& value : values) {
            std::cout << "  tracked  " << name << " = " << value.get<std::string>() << "\n";
        }
    }
    for (const char* key : {"lineage", "children"}) {
        const Json relatives = run.value(key, Json::array());
        for (const Json& relative : relatives) {
            if (string_or(relative, "id") == string_or(run, "id")) {
                continue;
            }
            std::cout << "  " << (std::string_view(key) == "lineage" ? "lineage " : "called  ")
                      << " " << string_or(relative, "id") << "  " << string_or(relative, "status")
                      << "  " << string_or(relative, "flow") << "  "
                      << short_time(string_or(relative, "created")) << "\n";
        }
    }
}

Status show(const Globals& globals, const RunOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(
        const Json run,
        client->get("/runs/" + options.run + (options.contents ? "?contents=true" : ""))
    );
    if (globals.json) {
        print_json(run);
        return {};
    }
    std::cout << string_or(run, "headline", string_or(run, "status")) << "\n";
    if (const Json* error = find(run, "error")) {
        if (const std::string remedy = string_or(*error, "remedy"); !remedy.empty()) {
            std::cout << "  " << remedy << "\n";
        }
    }
    const bool is_current = bool_or(run, "is_current_version", true);
    std::cout << "  run      " << string_or(run, "id") << "\n"
              << "  flow     " << string_or(run, "flow") << "  (" << string_or(run, "flow_title")
              << ")\n"
              << "  version  " << string_or(run, "version")
              << (is_current ? "  (the published one)" : "  (an older one)") << "\n"
              << "  created  " << short_time(string_or(run, "created")) << "  "
              << int_or(run, "duration_ms", 0) << " ms\n";
    if (bool_or(run, "muted", false)) {
        std::cout << "  effects  muted: what it would have changed is in its steps, nothing was\n";
    }
    for (const char* key :
         {"started_by", "resubmit_of", "start_step", "parent", "outcome", "outcome_reason"}) {
        if (const std::string value = string_or(run, key); !value.empty()) {
            std::cout << "  " << key << "  " << value << "\n";
        }
    }
    print_history_around(run);
    if (const Json* steps = find(run, "steps")) {
        std::cout << "Steps:\n";
        print_steps(*steps, options.contents ? Contents::kWith : Contents::kWithout);
    }
    return {};
}

// Of all Paused runs, newest first; those that wait for a decision are left alone.
Result<std::vector<std::string>> runs_to_resume(ApiClient& client) {
    std::vector<std::string> out;
    std::string before;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const Json page, client.get("/runs?status=Paused&limit=500" + before));
        for (const Json& run : page["value"]) {
            if (bool_or(run, "can_be_resumed", false)) {
                out.push_back(string_or(run, "id"));
            }
        }
        const Json* next = find(page, "next_before");
        if (next == nullptr) {
            return out;
        }
        before = "&before=" + dump(*next);
    }
}

Status resume(const Globals& globals, const RunOptions& options) {
    if (options.all == !options.run.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "runs resume takes the id of a run, or --all."
        );
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    std::vector<std::string> runs{options.run};
    if (options.all) {
        TIDEWAY_TRY_ASSIGN(runs, runs_to_resume(*client));
    }
    for (const std::string& run : runs) {
        TIDEWAY_TRY(client->post("/runs/" + run + "/resume"));
    }
    if (globals.json) {
        print_json({{"resumed", runs}});
    } else {
        std::cout << (runs.size() == 1 ? runs.front() : std::to_string(runs.size()) + " runs")
                  << (runs.size() == 1 ? " goes on\n" : " go on\n");
    }
    return {};
}

Status decide(const Globals& globals, const RunOptions& options) {
    Json body = {{"decision", options.decision}, {"step", options.step}};
    if (!options.output.empty()) {
        TIDEWAY_TRY_ASSIGN(body["output"], parse_json(options.output, "--output"));
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json answer, client->post("/runs/" + options.run + "/decide", body));
    if (globals.json) {
        print_json(answer);
    } else {
        std::cout << "decided: " << options.decision << "\n";
    }
    return {};
}

// Prints runs as they change, newest state only, until interrupted.
Status watch(const Globals& globals, const std::string& flow) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    std::map<std::string, std::string> seen;
    bool is_first = true;
    while (true) {
        const std::string of_flow = flow.empty() ? "" : "&flow=" + http::encode_component(flow);
        TIDEWAY_TRY_ASSIGN(const Json runs, client->get("/runs?limit=50" + of_flow));
        for (auto it = runs["value"].rbegin(); it != runs["value"].rend(); ++it) {
            const std::string id = string_or(*it, "id");
            const std::string line = string_or(*it, "headline", string_or(*it, "status"));
            if (seen[id] == line) {
                continue;
            }
            seen[id] = line;
            if (globals.json) {
                std::cout << dump(*it) << "\n";
            } else if (!is_first || string_or(*it, "status") == "Running") {
                std::cout << short_time(string_or(*it, "created")) << "  " << id << "  "
                          << string_or(*it, "flow") << "  "
                          << (bool_or(*it, "muted", false) ? "muted; " : "") << line << "\n";
            }
        }
        std::cout << std::flush;
        is_first = false;
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
}

}  // namespace

void add_run_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* runs = app.add_subcommand("runs", "Run history: look, resubmit, cancel, decide");
    runs->require_subcommand(1);
    add_run_search_commands(*runs, globals, exit);
    auto options = std::make_shared<RunOptions>();
    auto watched = std::make_shared<std::string>();
    CLI::App* watch_command = runs->add_subcommand("watch", "Print runs as they change");
    watch_command->add_option("--flow", *watched, "Only of this flow");
    watch_command->callback([&globals, watched, exit] {
        exit(run_command(globals, [&] { return watch(globals, *watched); }));
    });
    const auto on_run = [&](const char* name, const char* help, auto function) {
        CLI::App* command = runs->add_subcommand(name, help);
        command->add_option("run", options->run, "Id of the run")->required();
        command->callback([&globals, options, exit, function] {
            exit(run_command(globals, [&] { return function(globals, *options); }));
        });
        return command;
    };
    on_run("show", "The step tree of a run", show)
        ->add_flag("--contents", options->contents, "With inputs and outputs");
    add_resubmit_command(*runs, globals, exit);
    CLI::App* resume_command =
        runs->add_subcommand("resume", "Let a run go on that the server paused, where it was");
    resume_command->add_option("run", options->run, "Id of the run");
    resume_command->add_flag("--all", options->all, "All runs that the server paused");
    resume_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return resume(globals, *options); }));
    });
    CLI::App* decide_command = on_run("decide", "Adopt, repeat or skip an effect in doubt", decide);
    decide_command->add_option("decision", options->decision, "adopt, repeat or skip")->required();
    decide_command->add_option("--step", options->step, "Path of the step")->required();
    decide_command->add_option("--output", options->output, "adopt: the record as JSON");
}

}  // namespace tideway::app
