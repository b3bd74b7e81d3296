// events list
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/history/search_options.h"

namespace tideway::app {

namespace {

// Where it came from, and how when nothing brought it.
std::string source_text(const Json& event) {
    const std::string origin = string_or(event, "origin");
    return string_or(event, "source") + (origin.empty() ? "" : " (" + origin + ")");
}

Status list(const Globals& globals, const SearchOptions& options) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json events, options.list(*client, "/events"));
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
             source_text(event),
             run.empty() ? "-" : run,
             string_or(event, "reason")}
        );
    }
    table.print();
    print_next_page(events);
    return {};
}

}  // namespace

void add_event_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* events = app.add_subcommand("events", "What came for flows, also what was refused");
    events->require_subcommand(1);
    auto options = std::make_shared<SearchOptions>();
    CLI::App* command = events->add_subcommand("list", "Newest events first, with the reason");
    options->add_to_events(*command);
    options->add_paging(*command);
    command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return list(globals, *options); }));
    });
}

}  // namespace tideway::app
