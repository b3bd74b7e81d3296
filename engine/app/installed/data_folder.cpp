#include "engine/app/installed/data_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tideway::app {
namespace {

namespace fs = std::filesystem;

std::optional<uid_t> user_of(const std::string& path) {
    struct stat found {};

    return ::lstat(path.c_str(), &found) == 0 ? std::optional(found.st_uid) : std::nullopt;
}

std::string name_of(uid_t user) {
    std::array<char, 4096> text{};
    passwd entry{};
    passwd* found = nullptr;
    ::getpwuid_r(user, &entry, text.data(), text.size(), &found);
    return found == nullptr ? std::to_string(user) : found->pw_name;
}

}  // namespace

std::string owner_of(const std::string& path) {
    const auto user = user_of(path);
    return user ? name_of(*user) : "";
}

Status require_owner(const std::string& folder) {
    const auto owner = user_of(folder);
    if (!owner || *owner == ::geteuid()) {
        return {};
    }
    const std::string name = name_of(*owner);
    return fail(
        ErrorKind::kForbidden,
        "NotTheOwner",
        "The folder " + folder + " belongs to " + name + ", who could not read what you, " +
            name_of(::geteuid()) + ", make there.",
        "Run the same command as " + name + ": sudo -u " + name + " tideway ..."
    );
}

std::vector<std::string> files_of_others(const std::string& folder) {
    std::vector<std::string> out;
    const auto owner = user_of(folder);
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const auto user = user_of(at->path().string());
        if (user && user != owner) {
            out.push_back(at->path().string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

KeptCopies kept_copies(const std::string& folder) {
    KeptCopies out;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with("tideway.db.before-")) {
            out.files.push_back(name);
            std::error_code gone;
            const std::uintmax_t size = fs::file_size(at->path(), gone);
            out.bytes += gone ? 0 : size;
        }
    }
    std::sort(out.files.begin(), out.files.end());
    return out;
}

}  // namespace tideway::app
