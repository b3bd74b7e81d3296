// The folder of a pack on disk, file by file: what any editor and the API edit alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/model/revision.h"
#include "engine/runtime/pack.h"

namespace tideway::runtime {

// A strong ETag, without its quotes. Equal texts have the same.
std::string etag_of(std::string_view text);

struct PackFile {
    std::string path;  // in the pack
    std::string etag;
    std::uintmax_t bytes = 0;
    Timestamp modified;
};

// Thread: any one at a time.
class PackFolder {
  public:
    explicit PackFolder(std::string path)
        : path_(std::move(path)) {}

    const std::string& path() const { return path_; }

    // Other than before when a file has been changed, added or removed, here or in a library that
    // the pack shares. Cheap: only pack.json is read.
    std::string fingerprint() const;

    Result<Pack> read() const { return read_pack(path_); }

    // Everything that can be edited: flows, libraries, JSON files, cases.
    Result<std::vector<PackFile>> files() const;

    // Codes "InvalidPackPath" and "PackFileNotFound".
    Result<std::string> text(const std::string& file) const;
    Result<PackFile> describe(const std::string& file) const;

    // Whole or not at all, also when the process dies.
    Status write(const std::string& file, std::string_view text) const;
    Status remove(const std::string& file) const;

    // The pack has these files afterwards, and no others but its cases. A shared library that was
    // other becomes the pack's own.
    Status replace_all(const model::PackFiles& files) const;

    // What decides what flows do, also where it makes no valid pack: everything but the cases.
    Result<model::PackFiles> versioned_files() const;

  private:
    Result<model::PackFiles> own_files() const;
    // Of those that pack.json names the ones that are not among the files.
    std::vector<std::string> libraries_beside(model::PackFiles files) const;

    std::string path_;
};

}  // namespace tideway::runtime
