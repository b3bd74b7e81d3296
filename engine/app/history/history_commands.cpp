// history show|keep: how large history is, and how long it is kept.
#include <iomanip>
#include <iostream>
#include <sstream>

#include "engine/app/command_line.h"
#include "engine/app/history/timeline_command.h"

namespace tideway::app {
namespace {

struct KeepOptions {
    int days = 0;
    std::string flow;
    bool ledger = false;
    bool is_default = false;
};

std::string megabytes(std::int64_t bytes) {
    std::ostringstream out;
    out << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1U << 20U) << " MiB";
    return out.str();
}

void print(const Json& history) {
    std::cout << "History is kept for " << int_or(history, "days", 0) << " days after a run's end, "
              << "the ledger of effects for " << int_or(history, "ledger_days", 0) << " days.\n"
              << "  store   " << megabytes(int_or(history, "bytes", 0)) << ", "
              << megabytes(int_or(history, "free_bytes", 0)) << " of it free\n"
              << "  ledger  " << int_or(history, "ledger_rows", 0) << " effects\n";
    Table table({"FLOW", "RUNS", "OLDEST", "DAYS"});
    for (const Json& flow : history.at("flows")) {
        const Json* days = find(flow, "days");
        table.add(
            {string_or(flow, "flow", "(a flow that is gone)"),
             std::to_string(int_or(flow, "runs", 0)),
             short_time(string_or(flow, "oldest", "-")),
             days == nullptr ? "" : dump(*days)}
        );
    }
    table.print();
}

Status shown(const Globals& globals, const Json& history) {
    if (globals.json) {
        print_json(history);
    } else {
        print(history);
    }
    return {};
}

Status show(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json history, client->get("/history"));
    return shown(globals, history);
}

Status keep(const Globals& globals, const KeepOptions& options) {
    if (options.is_default == (options.days != 0)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidArgument",
            "history keep takes a number of days, or --default.",
            "Such as: tideway history keep 90 --flow orders"
        );
    }
    Json body = {{"days", options.is_default ? Json() : Json(options.days)}};
    if (!options.flow.empty()) {
        body["flow"] = options.flow;
    }
    if (options.ledger) {
        body["ledger"] = true;
    }
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json history, client->call("PUT", "/history/retention", body));
    return shown(globals, history);
}

}  // namespace

void add_history_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    add_timeline_command(app, globals, exit);
    CLI::App* history = app.add_subcommand("history", "How large history is, how long it is kept");
    history->require_subcommand(1);
    history->add_subcommand("show", "Sizes, and days by flow")->callback([&globals, exit] {
        exit(run_command(globals, [&] { return show(globals); }));
    });
    auto options = std::make_shared<KeepOptions>();
    CLI::App* keep_command = history->add_subcommand("keep", "Set how many days runs are kept");
    keep_command->add_option("days", options->days, "After the end of a run, at least 1");
    keep_command->add_option("--flow", options->flow, "Of this flow only");
    keep_command->add_flag("--ledger", options->ledger, "The ledger of effects, not runs");
    keep_command->add_flag("--default", options->is_default, "What holds without a setting");
    keep_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return keep(globals, *options); }));
    });
}

}  // namespace tideway::app
