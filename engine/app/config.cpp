#include "engine/app/config.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tideway::app {

std::string default_data_folder() {
    const char* folder =
        std::getenv("TIDEWAY_DATA");  // NOLINT(concurrency-mt-unsafe): before any thread
    return folder == nullptr ? "tideway-data" : folder;
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
        return fail(
            ErrorKind::kNotFound,
            "EnvironmentNotFound",
            "There is no environment in " + data_folder + ".",
            "Make one with: tideway init --data " + data_folder
        );
    }
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(*text, config.config_file()));
    config.environment = string_or(json, "environment", config.environment);
    config.public_url = string_or(json, "public_url");
    config.api_address = string_or(json, "api_address", config.api_address);
    config.api_port = static_cast<int>(int_or(json, "api_port", config.api_port));
    config.trigger_address = string_or(json, "trigger_address", config.trigger_address);
    config.trigger_port = static_cast<int>(int_or(json, "trigger_port", config.trigger_port));
    config.certificate_file = string_or(json, "certificate_file");
    config.key_file = string_or(json, "key_file");
    config.shards = static_cast<int>(int_or(json, "shards", config.shards));
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
        {"public_url", config.public_url},
        {"api_address", config.api_address},
        {"api_port", config.api_port},
        {"trigger_address", config.trigger_address},
        {"trigger_port", config.trigger_port},
        {"certificate_file", config.certificate_file},
        {"key_file", config.key_file},
        {"packs", config.packs},
        {"shards", config.shards},
    };
    return write_private_file(config.config_file(), json.dump(2) + "\n");
}

}  // namespace tideway::app
