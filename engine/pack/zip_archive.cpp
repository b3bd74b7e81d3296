#include "engine/pack/zip_archive.h"

#include <limits>
#include <utility>

#include <sys/stat.h>
#include <zip.h>

namespace tideway::pack {

namespace {

constexpr zip_uint16_t kFirstDay = 0x21;  // 1980-01-01, the first that a zip can say
constexpr zip_uint32_t kUnixModeShift = 16;
constexpr zip_uint32_t kCompressionLevel = 9;

// zip_error_t has to be given back.
class ZipError {
  public:
    ZipError() { zip_error_init(&error_); }

    ~ZipError() { zip_error_fini(&error_); }

    ZipError(const ZipError&) = delete;
    ZipError& operator=(const ZipError&) = delete;

    zip_error_t* get() { return &error_; }

    std::string text() { return zip_error_strerror(&error_); }

  private:
    zip_error_t error_{};
};

struct DiscardArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};

struct FreeSource {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};

struct CloseMember {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};

using ArchiveHandle = std::unique_ptr<zip_t, DiscardArchive>;
using SourceHandle = std::unique_ptr<zip_source_t, FreeSource>;

tl::unexpected<Error> not_written(const std::string& reason) {
    return fail(
        ErrorKind::kInternal, "PackNotWritten", "The pack file cannot be made: " + reason + "."
    );
}

tl::unexpected<Error> not_read(const std::string& reason) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPackFile",
        "The file is no pack: " + reason + ".",
        "Ask for a file that tideway pack build has made."
    );
}

Status add_member(zip_t* archive, const ZipMember& member) {
    SourceHandle source(zip_source_buffer(archive, member.bytes.data(), member.bytes.size(), 0));
    if (!source) {
        return not_written(zip_strerror(archive));
    }
    const zip_int64_t added = zip_file_add(archive, member.name.c_str(), source.get(), 0);
    if (added < 0) {
        return not_written(zip_strerror(archive));
    }
    static_cast<void>(source.release());  // the archive has it now
    const auto index = static_cast<zip_uint64_t>(added);
    const bool is_set =
        zip_set_file_compression(archive, index, ZIP_CM_DEFLATE, kCompressionLevel) == 0 &&
        zip_file_set_dostime(archive, index, 0, kFirstDay, 0) == 0 &&
        zip_file_set_external_attributes(
            archive, index, 0, ZIP_OPSYS_UNIX, (S_IFREG | 0644U) << kUnixModeShift
        ) == 0;
    return is_set ? Status() : not_written(zip_strerror(archive));
}

Result<std::string> bytes_of(zip_source_t* source) {
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_source_stat(source, &about) != 0 || zip_source_open(source) != 0) {
        return not_written(zip_error_strerror(zip_source_error(source)));
    }
    std::string out(about.size, '\0');
    const zip_int64_t read = zip_source_read(source, out.data(), out.size());
    zip_source_close(source);
    if (read != static_cast<zip_int64_t>(out.size())) {
        return not_written("its bytes cannot be read back");
    }
    return out;
}

// Made by another system, it says nothing of links, and there can be none.
bool says_plain_file(zip_uint8_t system, zip_uint32_t attributes) {
    if (system != ZIP_OPSYS_UNIX) {
        return true;
    }
    const zip_uint32_t kind = (attributes >> kUnixModeShift) & S_IFMT;
    return kind == S_IFREG || kind == 0;
}

}  // namespace

Result<std::string> write_zip(const std::vector<ZipMember>& members) {
    ZipError error;
    SourceHandle target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
    if (!target) {
        return not_written(error.text());
    }
    zip_source_keep(target.get());  // the archive owns one, we read the other
    ArchiveHandle archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, error.get()));
    if (!archive) {
        zip_source_free(target.get());
        return not_written(error.text());
    }
    for (const ZipMember& member : members) {
        TIDEWAY_TRY(add_member(archive.get(), member));
    }
    if (zip_close(archive.get()) != 0) {
        return not_written(zip_strerror(archive.get()));
    }
    static_cast<void>(archive.release());  // closing has freed it
    return bytes_of(target.get());
}

struct ZipReader::Archive {
    ArchiveHandle handle;
};

ZipReader::ZipReader(std::unique_ptr<Archive> archive)
    : archive_(std::move(archive)) {}

ZipReader::~ZipReader() = default;
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader& ZipReader::operator=(ZipReader&&) noexcept = default;

Result<ZipReader> ZipReader::open(std::string_view bytes) {
    ZipError error;
    SourceHandle source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
    if (!source) {
        return not_read(error.text());
    }
    ArchiveHandle handle(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, error.get())
    );
    if (!handle) {
        return not_read(error.text());
    }
    static_cast<void>(source.release());  // the archive has it now
    auto archive = std::make_unique<Archive>();
    archive->handle = std::move(handle);
    return ZipReader(std::move(archive));
}

std::size_t ZipReader::count() const {
    const zip_int64_t count = zip_get_num_entries(archive_->handle.get(), 0);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

Result<ZipMemberInfo> ZipReader::info(std::size_t index) const {
    zip_t* const archive = archive_->handle.get();
    zip_stat_t about;
    zip_stat_init(&about);
    constexpr zip_uint64_t kNeeded =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &about) != 0 ||
        (about.valid & kNeeded) != kNeeded ||
        zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0) {
        return not_read(zip_strerror(archive));
    }
    const bool is_encrypted =
        (about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE;
    ZipMemberInfo out;
    out.name = about.name;
    out.size = about.size;
    out.packed_size = about.comp_size;
    out.is_plain_file = says_plain_file(system, attributes);
    out.is_readable =
        !is_encrypted && (about.comp_method == ZIP_CM_STORE || about.comp_method == ZIP_CM_DEFLATE);
    return out;
}

Result<std::string> ZipReader::read(std::size_t index, const ZipMemberInfo& info) const {
    zip_t* const archive = archive_->handle.get();
    const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen_index(archive, index, 0));
    if (!file) {
        return not_read("'" + info.name + "': " + zip_strerror(archive));
    }
    // One more than it may have, so that a member which goes on is seen.
    std::string out(info.size + 1, '\0');
    std::size_t filled = 0;
    while (filled < out.size()) {
        const zip_int64_t read = zip_fread(file.get(), out.data() + filled, out.size() - filled);
        if (read < 0) {
            return not_read("'" + info.name + "' is damaged");
        }
        if (read == 0) {
            break;
        }
        filled += static_cast<std::size_t>(read);
    }
    if (filled != info.size) {
        return not_read("'" + info.name + "' is not as long as it says");
    }
    out.resize(filled);
    return out;
}

}  // namespace tideway::pack
