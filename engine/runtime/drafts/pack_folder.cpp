#include "engine/runtime/drafts/pack_folder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/pack/folder.h"
#include "engine/pack/manifest.h"

namespace tideway::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEtagDigits = 32;
constexpr std::string_view kUnfinished = ".tideway-unfinished";

bool is_case(std::string_view file) {
    return file.starts_with("cases/");
}

Status check_path(const std::string& file) {
    const bool is_known_kind = file.ends_with(".lua") || file.ends_with(".json");
    if (is_pack_path(file) && is_known_kind) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPackPath",
        "'" + file + "' is no name for a file of a pack.",
        "Use a-z, 0-9, '_', '-', '.' and '/', and end it with .lua or .json."
    );
}

tl::unexpected<Error> no_such_file(const std::string& file) {
    return fail(
        ErrorKind::kNotFound,
        "PackFileNotFound",
        "The pack has no file '" + file + "'.",
        "List its files: GET /api/v1/packs/PACK/files"
    );
}

// A folder on the way that is a link would lead out of the pack.
bool leads_out(const fs::path& folder, const std::string& file) {
    fs::path at = folder;
    for (const fs::path& part : fs::path(file)) {
        at /= part;
        std::error_code error;
        if (fs::is_symlink(fs::symlink_status(at, error))) {
            return true;
        }
    }
    return false;
}

Timestamp modified_at(const fs::path& path) {
    std::error_code error;
    const auto time = fs::last_write_time(path, error);
    const auto on_clock = std::chrono::file_clock::to_sys(time);
    return error ? Timestamp() : std::chrono::time_point_cast<Duration>(on_clock);
}

// Calls `use(file, entry)` for each regular file that is not hidden.
template <typename Use>
Status each_file(const std::string& folder, const Use& use) {
    std::error_code error;
    fs::recursive_directory_iterator it(folder, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
        const std::string file = fs::relative(it->path(), folder).generic_string();
        std::error_code ignored;
        if (file.starts_with('.') || file.find("/.") != std::string::npos) {
            if (it->is_directory(ignored)) {
                it.disable_recursion_pending();
            }
            continue;
        }
        if (!it->is_symlink(ignored) && it->is_regular_file(ignored)) {
            use(file, *it);
        }
    }
    if (error) {
        return fail(
            ErrorKind::kNotFound,
            "PackNotFound",
            "The pack folder " + folder + " cannot be read: " + error.message() + "."
        );
    }
    return {};
}

// Size and time of each file.
Status add_states(const fs::path& folder, const std::string& prefix, model::PackFiles& states) {
    return each_file(folder.string(), [&](const std::string& file, const auto& entry) {
        std::error_code error;
        const auto size = entry.file_size(error);
        const auto time = entry.last_write_time(error).time_since_epoch().count();
        states[prefix + file] = std::to_string(size) + "@" + std::to_string(time);
    });
}

}  // namespace

std::string etag_of(std::string_view text) {
    return to_hex(sha256(text)).substr(0, kEtagDigits);
}

std::string PackFolder::fingerprint() const {
    model::PackFiles states;
    const Status read = add_states(path_, "", states);
    std::string out = read ? "" : read.error().message;
    for (const std::string& library : libraries_beside(states)) {
        // One that is not there is found missing when the pack is read.
        (void)add_states(fs::path(path_) / ".." / library, library + "/", states);
    }
    for (const auto& [file, state] : states) {
        out += file + "=" + state + "\n";
    }
    return out;
}

std::vector<std::string> PackFolder::libraries_beside(model::PackFiles files) const {
    const auto manifest = text("pack.json");
    if (!manifest) {
        return {};
    }
    files["pack.json"] = *manifest;
    return pack::missing_libraries(files).value_or(std::vector<std::string>());
}

Result<std::vector<PackFile>> PackFolder::files() const {
    std::vector<std::string> names;
    TIDEWAY_TRY(each_file(path_, [&names](const std::string& file, const auto&) {
        if (check_path(file)) {
            names.push_back(file);
        }
    }));
    std::ranges::sort(names);
    std::vector<PackFile> out;
    for (const std::string& name : names) {
        TIDEWAY_TRY_ASSIGN(auto file, describe(name));
        out.push_back(std::move(file));
    }
    return out;
}

Result<std::string> PackFolder::text(const std::string& file) const {
    TIDEWAY_TRY(check_path(file));
    const fs::path path = fs::path(path_) / file;
    std::error_code error;
    if (leads_out(path_, file) || !fs::is_regular_file(path, error)) {
        return no_such_file(file);
    }
    auto text = pack::read_text(path);
    return text ? std::move(text) : no_such_file(file);
}

Result<PackFile> PackFolder::describe(const std::string& file) const {
    TIDEWAY_TRY_ASSIGN(const std::string bytes, text(file));
    PackFile out;
    out.path = file;
    out.etag = etag_of(bytes);
    out.bytes = bytes.size();
    out.modified = modified_at(fs::path(path_) / file);
    return out;
}

Status PackFolder::write(const std::string& file, std::string_view text) const {
    TIDEWAY_TRY(check_path(file));
    if (text.size() > limits::kPackFileBytesMax) {
        return fail(
            ErrorKind::kLimit,
            "PackTooLarge",
            "The pack file '" + file + "' is too large.",
            "A file of a pack has at most " + std::to_string(limits::kPackFileBytesMax >> 20U) +
                " MiB."
        );
    }
    if (leads_out(path_, file)) {
        return no_such_file(file);
    }
    const fs::path path = fs::path(path_) / file;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    // Hidden: nobody takes it for a file of the pack.
    const fs::path unfinished = path.parent_path() / std::string(kUnfinished);
    TIDEWAY_TRY(pack::write_text(unfinished, text));
    fs::rename(unfinished, path, error);
    return error ? Status(pack::storage_error(path, error.message()))
                 : pack::sync_folder(path.parent_path());
}

Status PackFolder::remove(const std::string& file) const {
    TIDEWAY_TRY(text(file));
    const fs::path path = fs::path(path_) / file;
    std::error_code error;
    fs::remove(path, error);
    return error ? Status(pack::storage_error(path, error.message())) : Status();
}

Result<model::PackFiles> PackFolder::versioned_files() const {
    TIDEWAY_TRY_ASSIGN(model::PackFiles out, own_files());
    // What it names and does not find is told when the pack is read.
    (void)add_libraries(path_, out);
    return out;
}

Result<model::PackFiles> PackFolder::own_files() const {
    TIDEWAY_TRY_ASSIGN(const auto files, this->files());
    model::PackFiles out;
    for (const PackFile& file : files) {
        if (!is_case(file.path)) {
            TIDEWAY_TRY_ASSIGN(out[file.path], text(file.path));
        }
    }
    return out;
}

Status PackFolder::replace_all(const model::PackFiles& files) const {
    TIDEWAY_TRY_ASSIGN(const auto present, versioned_files());
    TIDEWAY_TRY_ASSIGN(const auto own, own_files());
    for (const auto& [file, text] : files) {
        const auto same = present.find(file);
        if (same == present.end() || same->second != text) {
            TIDEWAY_TRY(write(file, text));
        }
    }
    for (const auto& [file, text] : own) {
        if (!files.contains(file)) {
            TIDEWAY_TRY(remove(file));
        }
    }
    return {};
}

}  // namespace tideway::runtime
