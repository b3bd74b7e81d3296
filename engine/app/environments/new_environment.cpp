#include "engine/app/environments/new_environment.h"

#include <filesystem>
#include <iostream>

#include "engine/app/environment.h"
#include "engine/app/installed/data_folder.h"

namespace tideway::app {

void add_init_options(CLI::App& command, InitOptions& options) {
    command.add_flag(
        "--production",
        options.is_production,
        "Asks for its name before anything is destroyed in it"
    );
    command.add_option(
        "--public-url", options.public_url, "How the outside world reaches the trigger listener"
    );
    command.add_option("--certificate", options.certificate_file, "PEM, for the triggers");
    command.add_option("--certificate-key", options.key_file, "PEM, of the certificate");
    command.add_option("--pack", options.packs, "Folder of a pack (repeatable)");
    command.add_option(
        "--on-save", options.on_save, "What a saved file of a pack is: draft (default) or publish"
    );
    command.add_option("--api-port", options.api_port, "Port of the API (loopback)");
    command.add_option("--trigger-port", options.trigger_port, "Port of the triggers");
    command.add_option(
        "--trigger-address",
        options.trigger_address,
        "Where the triggers listen; 0.0.0.0: everywhere"
    );
}

Result<Config> config_of(const InitOptions& options, const std::string& data_folder) {
    Config out;
    if (options.is_production) {
        if (options.environment == out.environment) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidEnvironmentName",
                "A production environment is asked for by its name, and 'default' is no name.",
                "Give it one, such as: --environment contoso-production"
            );
        }
        TIDEWAY_TRY(server::check_environment_name(options.environment));
        out.kind = server::EnvironmentKind::kProduction;
    }
    out.data_folder = data_folder;
    out.environment = options.environment;
    out.public_url = options.public_url;
    out.certificate_file = options.certificate_file;
    out.key_file = options.key_file;
    out.api_port = options.api_port.value_or(out.api_port);
    out.trigger_address = options.trigger_address;
    out.trigger_port = options.trigger_port.value_or(out.trigger_port);
    TIDEWAY_TRY_ASSIGN(out.on_save, runtime::parse_on_save(options.on_save));
    for (const std::string& pack : options.packs) {
        out.packs.push_back(std::filesystem::absolute(pack).string());
    }
    return out;
}

Status make_environment(const Globals& globals, const Config& config, const std::string& start) {
    TIDEWAY_TRY(require_owner(config.data_folder));
    TIDEWAY_TRY_ASSIGN(const std::string token, create_environment({config}));
    if (globals.json) {
        print_json(
            {{"data", config.data_folder},
             {"environment", config.environment},
             {"kind", server::to_string(config.kind)},
             {"token", token}}
        );
        return {};
    }
    const bool is_production = config.kind == server::EnvironmentKind::kProduction;
    std::cout << (is_production ? "Production environment '" : "Environment '")
              << config.environment << "' made in " << config.data_folder << ".\n"
              << "  API token of 'admin': in " << config.admin_token_file()
              << ", readable by its owner only.\n"
              << "  Secrets are encrypted with secret.key: keep a copy of it apart from backups.\n"
              << "Start it with: " << start << "\n";
    return {};
}

}  // namespace tideway::app
