// events list
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/http/url.h"

namespace tideway::app {

namespace {

struct EventOptions {
    std::string flow;
    std::string status;
    int limit = 50;
};

Status list(const Globals& globals, const EventOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    http::QueryFields fields{{"limit", std::to_string(options.limit)}};
    if (!options.flow.empty()) {
        fields.emplace_back("flow", options.flow);
    }
    if (!options.status.empty()) {
        fields.emplace_back("status", options.status);
    }
    TIDEWAY_TRY_ASSIGN(const Json events, client->get("/events?" + http::print_query(fields)));
    if (globals.json) {
        print_json(events);
        return {};
    }
    Table table({"RECEIVED", "STATUS", "FLOW", "SOURCE", "RUN", "REASON"});
    for (const Json& event : events["value"]) {
        const std::string run = string_or(event, "run");
        table.add(
            {short_time(string_or(event, "received")),
             string_or(event, "status"),
             string_or(event, "flow"),
             string_or(event, "source"),
             run.empty() ? "-" : run,
             string_or(event, "reason")}
        );
    }
    table.print();
    return {};
}

}  // namespace

void add_event_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* events = app.add_subcommand("events", "What came for flows, also what was refused");
    events->require_subcommand(1);
    auto options = std::make_shared<EventOptions>();
    CLI::App* command = events->add_subcommand("list", "Newest events first, with the reason");
    command->add_option("--flow", options->flow, "Only of this flow");
    command->add_option("--status", options->status, "Refused,Failed ...");
    command->add_option("--limit", options->limit, "How many, at most 500");
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return list(globals, *options); }));
    });
}

}  // namespace tideway::app
