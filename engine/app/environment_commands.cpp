// init and serve.
#include <csignal>
#include <filesystem>
#include <iostream>

#include "engine/app/command_line.h"
#include "engine/app/engine.h"
#include "engine/app/environment.h"
#include "engine/app/installed/data_folder.h"

namespace tideway::app {

namespace {

struct InitOptions {
    std::string environment = "default";
    std::string public_url;
    std::string certificate_file;
    std::string key_file;
    std::vector<std::string> packs;
    std::string trigger_address = Config().trigger_address;
    int api_port = Config().api_port;
    int trigger_port = Config().trigger_port;
    std::string on_save = "draft";
    bool if_absent = false;
};

bool has_environment(const Globals& globals) {
    std::error_code error;
    return std::filesystem::exists(globals.data_folder + "/config.json", error);
}

Status init(const Globals& globals, const InitOptions& options) {
    if (options.if_absent && has_environment(globals)) {
        return {};
    }
    TIDEWAY_TRY(require_owner(globals.data_folder));
    EnvironmentPlan plan;
    Config& config = plan.config;
    config.data_folder = globals.data_folder;
    config.environment = options.environment;
    config.public_url = options.public_url;
    config.certificate_file = options.certificate_file;
    config.key_file = options.key_file;
    config.api_port = options.api_port;
    config.trigger_address = options.trigger_address;
    config.trigger_port = options.trigger_port;
    TIDEWAY_TRY_ASSIGN(config.on_save, runtime::parse_on_save(options.on_save));
    for (const std::string& pack : options.packs) {
        config.packs.push_back(std::filesystem::absolute(pack).string());
    }
    TIDEWAY_TRY_ASSIGN(const std::string token, create_environment(plan));
    if (globals.json) {
        print_json(
            {{"data", globals.data_folder}, {"environment", config.environment}, {"token", token}}
        );
        return {};
    }
    std::cout << "Environment '" << config.environment << "' made in " << globals.data_folder
              << ".\n"
              << "  API token of 'admin': in " << config.admin_token_file()
              << ", readable by its owner only.\n"
              << "  Secrets are encrypted with secret.key: keep a copy of it apart from backups.\n"
              << "Start it with: tideway serve --data " << globals.data_folder << "\n";
    return {};
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
    CLI::App* init_command = app.add_subcommand("init", "Make an environment: folder, key, token");
    init_command->add_option("--environment", options->environment, "Name of the environment");
    init_command->add_option(
        "--public-url", options->public_url, "How the outside world reaches the trigger listener"
    );
    init_command->add_option("--certificate", options->certificate_file, "PEM, for the triggers");
    init_command->add_option("--certificate-key", options->key_file, "PEM, of the certificate");
    init_command->add_option("--pack", options->packs, "Folder of a pack (repeatable)");
    init_command->add_option(
        "--on-save", options->on_save, "What a saved file of a pack is: draft (default) or publish"
    );
    init_command->add_option("--api-port", options->api_port, "Port of the API (loopback)");
    init_command->add_option("--trigger-port", options->trigger_port, "Port of the triggers");
    init_command->add_option(
        "--trigger-address",
        options->trigger_address,
        "Where the triggers listen; 0.0.0.0: everywhere"
    );
    init_command->add_flag(
        "--if-absent", options->if_absent, "Leave an environment that is there as it is"
    );
    init_command->callback([&globals, options, exit] {
        exit(run_command(globals, [&] { return init(globals, *options); }));
    });
    auto log_level = std::make_shared<std::string>("info");
    CLI::App* serve_command = app.add_subcommand("serve", "Run the server of an environment");
    serve_command->add_option("--log", *log_level, "info or debug");
    serve_command->callback([&globals, log_level, exit] {
        exit(run_command(globals, [&] { return serve(globals, *log_level); }));
    });
}

}  // namespace tideway::app
