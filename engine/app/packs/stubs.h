// What a Lua language server needs, in the folder that is opened in the editor.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace tideway::app {

struct StubsWritten {
    std::string folder;
    std::vector<std::string> files;  // the last: the settings that name them
};

// Stubs of the language, of every connector and of the pack's own flows, and .luarc.json.
Result<StubsWritten> write_stubs(const std::filesystem::path& folder);

}  // namespace tideway::app
