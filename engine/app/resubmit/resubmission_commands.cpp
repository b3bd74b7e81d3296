// resubmissions list|show|abort|resume
#include <chrono>
#include <iostream>
#include <thread>

#include "engine/app/resubmit/resubmit_command.h"

namespace tideway::app {
namespace {

constexpr std::chrono::milliseconds kLook{500};

struct ResubmissionOptions {
    std::string id;
    bool items = false;
};

std::string address(const std::string& id) {
    return "/resubmissions/" + id;
}

// "118 Succeeded, 2 Failed"
std::string counts_of(const Json& resubmission) {
    std::string out;
    for (const auto& [state, count] : resubmission["runs"].items()) {
        out += (out.empty() ? "" : ", ") + dump(count) + " " + state;
    }
    return out;
}

bool has_open_runs(const Json& resubmission) {
    return int_or(resubmission["runs"], "Started", 0) > 0;
}

void print_summary(const Json& resubmission) {
    std::cout << "resubmission " << int_or(resubmission, "id", 0) << "  "
              << string_or(resubmission, "state") << "  of " << int_or(resubmission, "total", 0)
              << " runs: " << counts_of(resubmission) << "\n";
    if (const std::string reason = string_or(resubmission, "reason"); !reason.empty()) {
        std::cout << "  " << reason << "\n";
    }
}

Result<Json> all_items(ApiClient& client, const std::string& id) {
    Json out = Json::array();
    std::string after;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const Json page, client.get(address(id) + "?items=true" + after));
        for (const Json& item : page["items"]) {
            out.push_back(item);
        }
        const Json* next = find(page, "next_after");
        if (next == nullptr) {
            return out;
        }
        after = "&after=" + dump(*next);
    }
}

Status list(const Globals& globals, const ResubmissionOptions&) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json all, client->get("/resubmissions"));
    if (globals.json) {
        print_json(all);
        return {};
    }
    Table table({"ID", "STATE", "RUNS", "PERSON", "CREATED", ""});
    for (const Json& one : all["value"]) {
        table.add(
            {dump(one["id"]),
             string_or(one, "state"),
             std::to_string(int_or(one, "total", 0)),
             string_or(one, "person"),
             short_time(string_or(one, "created")),
             counts_of(one)}
        );
    }
    table.print();
    return {};
}

Status show(const Globals& globals, const ResubmissionOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(Json one, client->get(address(options.id)));
    Json items = Json::array();
    if (options.items) {
        TIDEWAY_TRY_ASSIGN(items, all_items(*client, options.id));
    }
    if (globals.json) {
        if (options.items) {
            one["items"] = std::move(items);
        }
        print_json(one);
        return {};
    }
    print_summary(one);
    std::cout << "  by " << string_or(one, "person") << " at "
              << short_time(string_or(one, "created")) << "  "
              << dump(one.value("choices", Json::object())) << "\n";
    for (const Json& item : items) {
        std::cout << "  " << string_or(item, "original") << " -> "
                  << string_or(item, "run", "(none)") << "  " << string_or(item, "state") << "  "
                  << string_or(item, "reason") << "\n";
    }
    return {};
}

Status act(const Globals& globals, const std::string& id, const char* verb) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json one, client->post(address(id) + "/" + verb));
    if (globals.json) {
        print_json(one);
    } else {
        print_summary(one);
    }
    return {};
}

}  // namespace

Status follow_resubmission(const Globals& globals, ApiClient& client, std::int64_t id) {
    std::string shown;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const Json one, client.get(address(std::to_string(id))));
        const std::string counts = counts_of(one);
        if (!globals.json && counts != shown) {
            std::cerr << "  " << counts << "\n";
            shown = counts;
        }
        if (string_or(one, "state") == "Running" || has_open_runs(one)) {
            std::this_thread::sleep_for(kLook);
            continue;
        }
        if (globals.json) {
            print_json(one);
        } else {
            print_summary(one);
        }
        const Json& runs = one["runs"];
        const bool is_good = string_or(one, "state") == "Done" &&
                             int_or(runs, "Failed", 0) + int_or(runs, "Paused", 0) == 0;
        return is_good ? Status() : failed_as_shown();
    }
}

void add_resubmission_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* group = app.add_subcommand(
        "resubmissions", "Runs that are made again together (runs resubmit --apply)"
    );
    group->require_subcommand(1);
    auto options = std::make_shared<ResubmissionOptions>();
    const auto add = [&](const char* name, const char* help, auto function) {
        CLI::App* command = group->add_subcommand(name, help);
        command->callback([&globals, options, exit, function] {
            exit(run_command(globals, [&] { return function(globals, *options); }));
        });
        return command;
    };
    add("list", "Newest first", list);
    CLI::App* shown = add("show", "How far it is, and what came of it", show);
    shown->add_option("id", options->id, "Its number")->required();
    shown->add_flag("--items", options->items, "Each run");
    add("abort",
        "Start no more runs; those under way go on",
        [](const Globals& all, const ResubmissionOptions& given) {
            return act(all, given.id, "abort");
        })
        ->add_option("id", options->id, "Its number")
        ->required();
    add("resume",
        "Go on after a stop or an abort; failures so far are forgiven",
        [](const Globals& all, const ResubmissionOptions& given) {
            return act(all, given.id, "resume");
        })
        ->add_option("id", options->id, "Its number")
        ->required();
}

}  // namespace tideway::app
