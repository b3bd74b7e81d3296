#include "engine/app/config.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/app/installed/data_folder.h"

namespace tideway::app {

namespace {

constexpr const char* kFolderHere = "tideway-data";

Error without_environment(const Config& config) {
    const std::string& folder = config.data_folder;
    Error error;
    if (folder.empty()) {
        error.kind = ErrorKind::kNotFound;
        error.code = "EnvironmentElsewhere";
        error.message = "The environment that was named is a server, and this needs its files.";
        error.remedy = "Run the command where its data folder is.";
        return error;
    }
    if (::access(config.config_file().c_str(), R_OK) == 0 || errno != EACCES) {
        error.kind = ErrorKind::kNotFound;
        error.code = "EnvironmentNotFound";
        error.message = "There is no environment in " + folder + ".";
        error.remedy = "Make one with: tideway init --data " + folder;
        return error;
    }
    std::string owner = owner_of(config.config_file());
    if (owner.empty()) {
        owner = owner_of(folder);
    }
    error.kind = ErrorKind::kForbidden;
    error.code = "FileUnreadable";
    error.message =
        "The environment in " + folder + " belongs to " + owner + ", and you may not read it.";
    error.remedy = "Run the command as its owner (sudo -u " + owner +
                   " tideway ...), or name a server and your own token (--server, --token).";
    return error;
}

}  // namespace

std::string default_data_folder() {
    const char* folder =
        std::getenv("TIDEWAY_DATA");  // NOLINT(concurrency-mt-unsafe): before any thread
    if (folder != nullptr) {
        return folder;
    }
    std::error_code error;
    const bool is_service = !std::filesystem::exists(kFolderHere, error) &&
                            std::filesystem::exists(kServiceData, error);
    return is_service ? kServiceData : kFolderHere;
}

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return fail(
            ErrorKind::kNotFound, "FileUnreadable", "The file " + path + " cannot be read."
        );
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Status write_private_file(const std::string& path, std::string_view bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool ok =
        file >= 0 && ::fchmod(file, 0600) == 0 &&
        ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
        ::fsync(file) == 0;
    const std::string reason = std::generic_category().message(errno);
    if (file >= 0) {
        ::close(file);
    }
    if (!ok) {
        return fail(
            ErrorKind::kStorage,
            "FileUnwritable",
            "The file " + path + " cannot be written: " + reason + "."
        );
    }
    return {};
}

Result<Config> read_config(const std::string& data_folder) {
    Config config;
    config.data_folder = data_folder;
    auto text = read_text_file(config.config_file());
    if (!text) {
        return fail(without_environment(config));
    }
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(*text, config.config_file()));
    config.environment = string_or(json, "environment", config.environment);
    if (const std::string kind = string_or(json, "kind"); !kind.empty()) {
        TIDEWAY_TRY_ASSIGN(config.kind, server::parse_environment_kind(kind));
    }
    config.public_url = string_or(json, "public_url");
    config.api_address = string_or(json, "api_address", config.api_address);
    config.api_port = static_cast<int>(int_or(json, "api_port", config.api_port));
    config.trigger_address = string_or(json, "trigger_address", config.trigger_address);
    config.trigger_port = static_cast<int>(int_or(json, "trigger_port", config.trigger_port));
    config.certificate_file = string_or(json, "certificate_file");
    config.key_file = string_or(json, "key_file");
    config.shards = static_cast<int>(int_or(json, "shards", config.shards));
    if (const std::string on_save = string_or(json, "on_save"); !on_save.empty()) {
        TIDEWAY_TRY_ASSIGN(config.on_save, runtime::parse_on_save(on_save));
    }
    if (const Json* packs = find(json, "packs"); packs != nullptr && packs->is_array()) {
        for (const Json& pack : *packs) {
            if (pack.is_string()) {
                config.packs.push_back(pack.get<std::string>());
            }
        }
    }
    return config;
}

Status write_config(const Config& config) {
    const Json json = {
        {"environment", config.environment},
        {"kind", server::to_string(config.kind)},
        {"public_url", config.public_url},
        {"api_address", config.api_address},
        {"api_port", config.api_port},
        {"trigger_address", config.trigger_address},
        {"trigger_port", config.trigger_port},
        {"certificate_file", config.certificate_file},
        {"key_file", config.key_file},
        {"packs", config.packs},
        {"on_save", runtime::to_string(config.on_save)},
        {"shards", config.shards},
    };
    return write_private_file(config.config_file(), json.dump(2) + "\n");
}

}  // namespace tideway::app
