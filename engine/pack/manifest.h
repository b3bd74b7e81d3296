// What a pack says of itself, and the hash of each of its files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/pack/entry_name.h"
#include "engine/pack/version.h"

namespace tideway::pack {

// Whether those who install a pack may edit it in place.
enum class Editing { kAllowed, kManaged };

struct Entry {
    std::string path;
    std::string sha256;  // hex
    std::size_t bytes = 0;
};

struct Requirements {
    VersionRange engine;
    std::map<std::string, VersionRange> packs;  // by name
};

struct Manifest {
    std::string name;
    std::string title;
    std::string publisher;
    Version version;
    Requirements requires_;
    Editing editing = Editing::kAllowed;
    std::vector<Entry> entries;  // sorted by path
};

// "co_sell_dynamics365": small letters, digits and '_', at most 64. Code "InvalidPack".
Status check_pack_name(std::string_view name);

// What pack.json names under "libraries" and the files do not hold: folders that several packs
// share while they are written. A built pack holds them.
Result<std::vector<std::string>> missing_libraries(const Files& files);

// Puts a library's files below its name.
void add_library(const std::string& name, Files library, Files& files);

// From a pack's files; pack.json decides. Checks everything that can be said without reading Lua.
Result<Manifest> describe(const Files& files, Editing editing);

// The text of the manifest in a pack file: the same for the same files, byte for byte.
Result<std::string> manifest_text(const Files& files, Editing editing);

// A manifest as a pack file has it. Codes "InvalidPackFile", "InvalidPack".
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace tideway::pack
