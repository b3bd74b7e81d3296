// Whose files an environment is made of: where the program is a service, they belong to its user,
// and administrators are somebody else.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace tideway::app {

// Where the Debian package keeps the environment of the service.
inline constexpr const char* kServiceData = "/var/lib/tideway";

// The packs as the Debian package brings them: its next version replaces them.
inline constexpr const char* kShippedPacks = "/usr/share/tideway/packs/";

// The user's name, or the number of one who has none; "" when there is no such file.
std::string owner_of(const std::string& path);

// Before files are made in `folder`. Fails with "NotTheOwner" when it belongs to another user, who
// could not read them: root would make them root's.
Status require_owner(const std::string& folder);

// Files in `folder` that do not belong to its owner, at any depth.
std::vector<std::string> files_of_others(const std::string& folder);

// What restore and migrations kept: they stay until somebody removes them.
struct KeptCopies {
    std::vector<std::string> files;  // their names
    std::uintmax_t bytes = 0;
};

KeptCopies kept_copies(const std::string& folder);

}  // namespace tideway::app
