// init and serve.
#include <csignal>
#include <filesystem>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/engine.h"
#include "engine/app/environments/new_environment.h"
#include "engine/app/installed/data_folder.h"

namespace tideway::app {

namespace {

bool has_environment(const Globals& globals) {
    std::error_code error;
    return std::filesystem::exists(globals.data_folder + "/config.json", error);
}

enum class WhenThere { kRefuse, kLeave };

Status init(const Globals& globals, const InitOptions& options, WhenThere when_there) {
    if (when_there == WhenThere::kLeave && has_environment(globals)) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const Config config, config_of(options, globals.data_folder));
    return make_environment(globals, config, "tideway serve --data " + globals.data_folder);
}

Status serve(const Globals& globals, const std::string& log_level) {
    TIDEWAY_TRY_ASSIGN(Config config, read_config(globals.data_folder));
    TIDEWAY_TRY(require_owner(globals.data_folder));
    // Blocked before any thread starts, so that only sigwait sees them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    StderrLog log(log_level == "debug" ? LogLevel::kDebug : LogLevel::kInfo);
    const std::string address = config.api_address;
    TIDEWAY_TRY_ASSIGN(const auto engine, Engine::start(std::move(config), log));
    const std::string api = "http://" + address + ":" + std::to_string(engine->api_port());
    if (globals.json) {
        print_json({{"api", api + "/api/v1"}, {"triggers", engine->public_url()}});
    } else {
        std::cout << "Tideway " << TIDEWAY_VERSION << " serves " << globals.data_folder << "\n"
                  << "  API       " << api << "/api/v1\n"
                  << "  triggers  " << engine->public_url() << "\n";
    }
    std::cout << std::flush;
    int signal = 0;
    sigwait(&signals, &signal);
    if (!globals.json) {
        std::cout << "Stopping; open runs go on at the next start.\n" << std::flush;
    }
    return {};
}

}  // namespace

void add_environment_commands(CLI::App& app, Globals& globals, const Exit& exit) {
    auto options = std::make_shared<InitOptions>();
    auto if_absent = std::make_shared<bool>(false);
    CLI::App* init_command = app.add_subcommand("init", "Make an environment: folder, key, token");
    init_command->add_option("--environment", options->environment, "Name of the environment");
    add_init_options(*init_command, *options);
    init_command->add_flag(
        "--if-absent", *if_absent, "Leave an environment that is there as it is"
    );
    init_command->callback([&globals, options, if_absent, exit] {
        const auto when_there = *if_absent ? WhenThere::kLeave : WhenThere::kRefuse;
        exit(run_command(globals, [&] { return init(globals, *options, when_there); }));
    });
    auto log_level = std::make_shared<std::string>("info");
    CLI::App* serve_command = app.add_subcommand("serve", "Run the server of an environment");
    serve_command->add_option("--log", *log_level, "info or debug");
    serve_command->callback([&globals, log_level, exit] {
        exit(run_command(globals, [&] { return serve(globals, *log_level); }));
    });
}

}  // namespace tideway::app
