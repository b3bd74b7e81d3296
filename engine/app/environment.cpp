#include "engine/app/environment.h"

#include <filesystem>

#include "engine/base/digest.h"
#include "engine/connector/secret_box.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/server/authentication.h"

namespace tideway::app {

namespace {

// A key that is there stays: of a first start that was cut off, or of a store that needs it.
Status make_key(const Config& config) {
    if (connector::SecretBox::open_key_file(config.secret_key_file())) {
        return {};
    }
    return connector::SecretBox::create_key_file(config.secret_key_file());
}

Status store_first_token(const Config& config, const std::string& token) {
    store::SqliteOptions options;
    options.path = config.database_file();
    TIDEWAY_TRY_ASSIGN(const auto opened, store::open_sqlite(options));
    store::ApiToken row;
    row.name = "admin";
    row.role = "admin";
    row.hash = server::token_hash(token);
    row.created = SystemClock().now();
    TIDEWAY_TRY(runtime::submit_blocking(
        *opened, {{store::PutToken{row}, store::SetMeta{"environment", config.environment}}}
    ));
    return {};
}

}  // namespace

Result<std::string> create_environment(const EnvironmentPlan& plan) {
    const Config& config = plan.config;
    if (std::filesystem::exists(config.config_file())) {
        return fail(
            ErrorKind::kConflict,
            "EnvironmentExists",
            "There is an environment in " + config.data_folder + " already.",
            "Start it with: tideway serve --data " + config.data_folder
        );
    }
    std::error_code error;
    std::filesystem::create_directories(config.data_folder, error);
    if (error) {
        return fail(
            ErrorKind::kStorage,
            "FolderUnwritable",
            "The folder " + config.data_folder + " cannot be made: " + error.message() + "."
        );
    }
    std::filesystem::permissions(config.data_folder, std::filesystem::perms::owner_all, error);
    TIDEWAY_TRY(make_key(config));
    const std::string token = "twy_" + to_base64url(random_bytes(32));
    TIDEWAY_TRY(store_first_token(config, token));
    TIDEWAY_TRY(write_private_file(config.admin_token_file(), token + "\n"));
    // Last: with it the environment exists.
    TIDEWAY_TRY(write_config(config));
    return token;
}

}  // namespace tideway::app
