// Zip archives in memory. The only file that knows libzip is the .cpp. Thread: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace tideway::pack {

struct ZipMember {
    std::string name;
    std::string bytes;
};

// Nothing but names and contents decides the bytes: no times, owners or comments.
Result<std::string> write_zip(const std::vector<ZipMember>& members);

// What a member says of itself before it is read.
struct ZipMemberInfo {
    std::string name;
    std::uint64_t size = 0;
    std::uint64_t packed_size = 0;
    bool is_plain_file = false;  // no link, folder or device
    bool is_readable = false;    // stored or deflated, not encrypted
};

// Errors have the code "InvalidPackFile".
class ZipReader {
  public:
    // Borrows the bytes.
    static Result<ZipReader> open(std::string_view bytes);
    ~ZipReader();
    ZipReader(ZipReader&&) noexcept;
    ZipReader& operator=(ZipReader&&) noexcept;
    ZipReader(const ZipReader&) = delete;
    ZipReader& operator=(const ZipReader&) = delete;

    std::size_t count() const;
    Result<ZipMemberInfo> info(std::size_t index) const;

    // Fails when it is not exactly as long as its info says, or damaged.
    Result<std::string> read(std::size_t index, const ZipMemberInfo& info) const;

  private:
    struct Archive;

    explicit ZipReader(std::unique_ptr<Archive> archive);

    std::unique_ptr<Archive> archive_;
};

}  // namespace tideway::pack
