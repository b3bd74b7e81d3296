// Where an environment lives and how its server listens: config.json in the data folder.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/runtime/drafts/on_save.h"
#include "engine/server/production/production.h"

namespace tideway::app {

struct Config {
    std::string data_folder;
    std::string environment = "default";
    server::EnvironmentKind kind = server::EnvironmentKind::kStandard;
    std::string public_url;  // of the trigger listener, as the outside world reaches it
    std::string api_address = "127.0.0.1";
    int api_port = 7171;
    std::string trigger_address = "127.0.0.1";
    int trigger_port = 7172;
    std::string certificate_file;  // PEM, for the trigger listener
    std::string key_file;
    std::vector<std::string> packs;  // folders
    runtime::OnSave on_save = runtime::OnSave::kDraft;
    int shards = 1;

    std::string database_file() const { return data_folder + "/tideway.db"; }

    std::string secret_key_file() const { return data_folder + "/secret.key"; }

    std::string admin_token_file() const { return data_folder + "/admin.token"; }

    std::string config_file() const { return data_folder + "/config.json"; }
};

// $TIDEWAY_DATA, else ./tideway-data where it is, else that of the service where the package made
// it, else ./tideway-data.
std::string default_data_folder();

// Fails with "EnvironmentNotFound", or "FileUnreadable" when it is another user's.
Result<Config> read_config(const std::string& data_folder);
Status write_config(const Config& config);

// Readable by its owner only.
Status write_private_file(const std::string& path, std::string_view bytes);
Result<std::string> read_text_file(const std::string& path);

}  // namespace tideway::app
