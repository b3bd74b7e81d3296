// Making an environment for somebody: what they may say about it, and what they are told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/app/command_line.h"

namespace tideway::app {

struct InitOptions {
    std::string environment = "default";
    std::string public_url;
    std::string certificate_file;
    std::string key_file;
    std::vector<std::string> packs;
    std::string trigger_address = Config().trigger_address;
    std::optional<int> api_port;
    std::optional<int> trigger_port;
    std::string on_save = "draft";
    bool is_production = false;
};

// All but the environment's name.
void add_init_options(CLI::App& command, InitOptions& options);

Result<Config> config_of(const InitOptions& options, const std::string& data_folder);

// `start` is the command with which its server is started.
Status make_environment(const Globals& globals, const Config& config, const std::string& start);

}  // namespace tideway::app
