// environments settings|mode|events|brake: how the environment works. After
// add_environments_commands().
#include <iostream>

#include "engine/app/command_line.h"

namespace tideway::app {
namespace {

struct SettingOptions {
    std::string word;
    int creates_per_hour = 0;
    int changed_percent = 0;
};

void print(const Json& settings) {
    const Json& brake = settings.at("brake");
    const bool calls =
        string_or(settings, "mode") == "live" && string_or(settings, "event_source") == "webhook";
    const bool observes = string_or(settings, "mode") == "observe";
    std::cout << "Environment " << string_or(settings, "environment") << "\n"
              << "  mode    "
              << (observes ? "observe: nothing is changed outside; what would be is in each run"
                           : "live")
              << "\n"
              << "  events  " << (calls ? "webhook" : "polling")
              << (calls ? ": services call " + string_or(settings, "public_url")
                        : std::string(": services are asked, and need not reach this server"))
              << "\n"
              << "  brake   ";
    if (!bool_or(brake, "is_on", true)) {
        std::cout << "off\n";
        return;
    }
    std::cout << "a pack waits for a person that makes more than "
              << int_or(brake, "creates_per_hour", 0) << " records an hour,\n"
              << "          or changes more than " << int_or(brake, "changed_percent", 0)
              << " % of the linked records in ten minutes\n";
}

Status shown(const Globals& globals, const Json& settings) {
    if (globals.json) {
        print_json(settings);
    } else {
        print(settings);
    }
    return {};
}

Status show(const Globals& globals) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json settings, client->get("/environment"));
    return shown(globals, settings);
}

Status change(const Globals& globals, const Json& changes) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json settings, client->call("PATCH", "/environment", changes));
    return shown(globals, settings);
}

Status set_brake(const Globals& globals, const SettingOptions& options) {
    Json brake = Json::object();
    if (!options.word.empty()) {
        if (options.word != "on" && options.word != "off") {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidArgument",
                "The brake is on or off, not '" + options.word + "'."
            );
        }
        brake["is_on"] = options.word == "on";
    }
    if (options.creates_per_hour != 0) {
        brake["creates_per_hour"] = options.creates_per_hour;
    }
    if (options.changed_percent != 0) {
        brake["changed_percent"] = options.changed_percent;
    }
    return change(globals, {{"brake", brake}});
}

}  // namespace

void add_environment_setting_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    CLI::App* environment = app.get_subcommand("environments");
    environment
        ->add_subcommand("settings", "What changes outside, where events come from, the brake")
        ->callback([&globals, exit] { exit(run_command(globals, [&] { return show(globals); })); });
    auto options = std::make_shared<SettingOptions>();
    CLI::App* mode = environment->add_subcommand("mode", "Set whether anything is changed outside");
    mode->add_option(
            "mode",
            options->word,
            "observe: runs read, and what they would write is recorded and shown; live: they write"
    )
        ->required();
    mode->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return change(globals, {{"mode", options->word}}); }));
    });
    CLI::App* events = environment->add_subcommand("events", "Set where events come from");
    events
        ->add_option(
            "source",
            options->word,
            "webhook: services call; polling: they are asked, where nothing can reach this server"
        )
        ->required();
    events->callback([&globals, options, exit] {
        exit(run_command(globals, [&] {
            return change(globals, {{"event_source", options->word}});
        }));
    });
    CLI::App* brake = environment->add_subcommand("brake", "Set when a pack waits for a person");
    brake->add_option("state", options->word, "on or off");
    brake->add_option(
        "--creates-per-hour", options->creates_per_hour, "Records that a pack may make"
    );
    brake->add_option(
        "--changed-percent",
        options->changed_percent,
        "Of the linked records, that a pack may change in ten minutes"
    );
    brake->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return set_brake(globals, *options); }));
    });
}

}  // namespace tideway::app
