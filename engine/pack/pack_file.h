// A pack as one file: a zip whose first member is the manifest, the second its signature if it has
// one, and then the files, each as the manifest says.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/pack/manifest.h"
#include "engine/pack/signature.h"

namespace tideway::pack {

struct PackFile {
    Manifest manifest;
    std::string manifest_text;
    std::optional<Signature> signature;  // valid
    Files files;
};

// The same files, the same pack.
Result<PackFile> make_pack_file(Files files, Editing editing);

// The same pack, the same bytes.
Result<std::string> write_pack_file(const PackFile& pack);

// Whether somebody wants the pack, by its manifest and who signed it; asked before any of its files
// is unpacked.
using Acceptance = std::function<Status(const Manifest&, const std::optional<Signature>&)>;

// A file that is no larger than a pack may be. Codes "FileUnreadable", "PackTooLarge".
Result<std::string> load_pack_bytes(const std::filesystem::path& file);

// Everything is checked: names, sizes, ratios and their sums, then the signature and what
// `is_accepted` says, then the hash of each file, and that the manifest says nothing else than the
// files do. Nothing is written. Codes "InvalidPackFile", "PackTooLarge", "PackSignatureInvalid",
// "PackHashMismatch", those of pack.json, and those of `is_accepted`.
Result<PackFile> read_pack_file(std::string_view bytes, const Acceptance& is_accepted);

}  // namespace tideway::pack
