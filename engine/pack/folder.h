// Files and folders, written so that a crash leaves them whole or not at all. Blocking.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/pack/entry_name.h"

namespace tideway::pack {

// A pack's folder: its files, and what people and editors keep beside them.
struct Folder {
    Files files;
    std::vector<std::string> beside;  // ".luarc.json", ".git", "notes.docx": names at any depth
};

// Links are beside, never followed. Codes "PackNotFound", "PackTooLarge", "InvalidPackFile".
Result<Folder> read_folder(const std::filesystem::path& folder);

// What to make a pack file of, with the libraries beside the folder that pack.json names. Code
// "InvalidPackFile" when something beside is not hidden.
Result<Files> read_source(const std::filesystem::path& folder);

// Into a folder that is new or empty; on the disk when it returns.
Status write_files(const std::filesystem::path& folder, const Files& files);
Status copy_beside(
    const std::filesystem::path& from,
    const std::vector<std::string>& names,
    const std::filesystem::path& to
);

// On the disk when it returns.
Status write_text(const std::filesystem::path& file, std::string_view text);
// The same in place of what there is, in one moment.
Status replace_text(const std::filesystem::path& file, std::string_view text);
Result<std::string> read_text(const std::filesystem::path& file);

// Names made, changed or removed in the folder are on the disk when it returns.
Status sync_folder(const std::filesystem::path& folder);

tl::unexpected<Error> storage_error(const std::filesystem::path& path, const std::string& why);

}  // namespace tideway::pack
