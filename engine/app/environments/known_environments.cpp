#include "engine/app/environments/known_environments.h"

#include <algorithm>
#include <filesystem>

#include "engine/app/config.h"
#include "engine/app/environments/shell_variable.h"
#include "engine/base/json.h"

namespace tideway::app {

namespace {

namespace fs = std::filesystem;

// A folder as the XDG base directories have it: $`variable`, else `usual` below the home folder.
Result<fs::path> folder_of_user(const char* variable, const char* usual) {
    if (const fs::path named = shell_variable(variable); named.is_absolute()) {
        return named / "tideway";
    }
    const fs::path home = shell_variable("HOME");
    if (!home.is_absolute()) {
        return fail(
            ErrorKind::kNotFound,
            "HomeMissing",
            "Who runs this program has no home folder to keep settings in.",
            std::string("Set HOME or ") + variable + ", or name the folder with --data."
        );
    }
    return home / usual / "tideway";
}

Result<fs::path> settings_file() {
    TIDEWAY_TRY_ASSIGN(const fs::path folder, folder_of_user("XDG_CONFIG_HOME", ".config"));
    return folder / "environments.json";
}

std::string names_of(const std::vector<KnownEnvironment>& environments) {
    std::string out;
    for (const KnownEnvironment& one : environments) {
        out += (out.empty() ? "" : ", ") + one.name;
    }
    return out;
}

}  // namespace

Result<KnownEnvironments> KnownEnvironments::read() {
    KnownEnvironments out;
    const auto file = settings_file();
    if (!file || !fs::exists(*file)) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const std::string text, read_text_file(file->string()));
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(text, file->string()));
    const Json* rows = tideway::find(json, "environments");
    for (const Json& row : rows == nullptr ? Json::array() : *rows) {
        out.all_.push_back(
            {string_or(row, "name"),
             string_or(row, "data"),
             string_or(row, "server"),
             string_or(row, "token")}
        );
    }
    return out;
}

const KnownEnvironment* KnownEnvironments::find(const std::string& name) const {
    const auto it = std::ranges::find(all_, name, &KnownEnvironment::name);
    return it == all_.end() ? nullptr : &*it;
}

Result<KnownEnvironment> KnownEnvironments::get(const std::string& name) const {
    if (const KnownEnvironment* found = find(name)) {
        return *found;
    }
    return fail(
        ErrorKind::kNotFound,
        "EnvironmentUnknown",
        "You have no environment '" + name + "'" +
            (all_.empty() ? "." : ", but: " + names_of(all_) + "."),
        "Make one with tideway environments create, or name one that there is with "
        "tideway environments add."
    );
}

Status KnownEnvironments::check_free(const std::string& name) const {
    if (find(name) == nullptr) {
        return {};
    }
    return fail(
        ErrorKind::kConflict,
        "EnvironmentKnown",
        "You have an environment '" + name + "' already.",
        "Take another name, or forget that one: tideway environments forget " + name
    );
}

Status KnownEnvironments::add(KnownEnvironment environment) {
    TIDEWAY_TRY(check_free(environment.name));
    all_.push_back(std::move(environment));
    return write();
}

Status KnownEnvironments::remove(const std::string& name) {
    TIDEWAY_TRY(get(name));
    std::erase_if(all_, [&name](const KnownEnvironment& one) { return one.name == name; });
    return write();
}

// In one piece: a name that is lost in the middle would lead to another environment.
Status KnownEnvironments::write() const {
    TIDEWAY_TRY_ASSIGN(const fs::path file, settings_file());
    Json rows = Json::array();
    for (const KnownEnvironment& one : all_) {
        Json row = {{"name", one.name}};
        for (const auto& [key, value] :
             {std::pair("data", one.data_folder),
              std::pair("server", one.server),
              std::pair("token", one.token)}) {
            if (!value.empty()) {
                row[key] = value;
            }
        }
        rows.push_back(std::move(row));
    }
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const fs::path next = file.string() + ".new";
    TIDEWAY_TRY(
        write_private_file(next.string(), Json{{"environments", std::move(rows)}}.dump(2) + "\n")
    );
    fs::rename(next, file, error);
    if (error) {
        return fail(
            ErrorKind::kStorage,
            "FileUnwritable",
            "The file " + file.string() + " cannot be written: " + error.message() + "."
        );
    }
    return {};
}

Result<std::string> usual_data_folder(const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const fs::path folder, folder_of_user("XDG_DATA_HOME", ".local/share"));
    return (folder / name).string();
}

}  // namespace tideway::app
