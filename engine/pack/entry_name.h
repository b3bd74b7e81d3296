// Which names files of a pack may have, and what each is for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace tideway::pack {

// Path in the pack, '/' between folders -> content.
using Files = std::map<std::string, std::string>;

// Letters, digits, '_', '-' and '.', '/' between folders, no name that begins with '.', and one of
// the endings that packs have. Code "InvalidPackFile".
Status check_entry_name(std::string_view name);

bool is_entry_name(std::string_view name);

// Every name, their number and sizes, and that no two are one on a system that ignores case.
Status check_files(const Files& files);

// "manifest", "flow", "library", "schema", "mapping", "case", "data" or "document".
std::string_view entry_kind(std::string_view name);

}  // namespace tideway::pack
