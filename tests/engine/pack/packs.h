// Small packs for tests of the pack layer.
#pragma once

#include <string>
#include <vector>

#include "engine/pack/pack_file.h"
#include "engine/pack/zip_archive.h"
#include "tests/support/must.h"

namespace tideway::pack {

inline std::string manifest_of(const std::string& name, const std::string& version) {
    return R"({"name": ")" + name + R"(", "version": ")" + version +
           R"(", "publisher": "Contoso"})";
}

inline Files files_of(const std::string& name, const std::string& version) {
    return {
        {"pack.json", manifest_of(name, version)},
        {"hello.lua", "return flow {}\n"},
        {"lib/wording.lua", "return {}\n"}};
}

inline PackFile pack_of(const std::string& name, const std::string& version) {
    return tests::must(make_pack_file(files_of(name, version), Editing::kAllowed));
}

inline std::string bytes_of(const PackFile& pack) {
    return tests::must(write_pack_file(pack));
}

inline Status anybody(const Manifest&, const std::optional<Signature>&) {
    return {};
}

// What is wrong with these bytes as a pack: the error's code, or "" when nothing is.
inline std::string code_of(const std::string& bytes) {
    const auto read = read_pack_file(bytes, anybody);
    return read ? "" : read.error().code;
}

}  // namespace tideway::pack
