#include "engine/pack/pack_file.h"

#include <utility>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/pack/folder.h"
#include "engine/pack/zip_archive.h"

namespace tideway::pack {

namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kSignature = "manifest.sig";
constexpr std::string_view kFilesFolder = "files/";
constexpr std::size_t kSignatureBytesMax = 4096;
// Texts of a few hundred bytes may repeat themselves; a bomb is larger.
constexpr std::uint64_t kRatioCountsFrom = 64U << 10U;

tl::unexpected<Error> bad_file(const std::string& why) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPackFile",
        "The file is no pack: " + why + ".",
        "Ask for a file that tideway pack build has made."
    );
}

tl::unexpected<Error> too_large(const std::string& what) {
    return fail(
        ErrorKind::kLimit,
        "PackTooLarge",
        "The pack is too large: " + what + ".",
        "Its publisher can take out what flows do not need."
    );
}

// Reads the members of one pack in their order; each is looked at before it is unpacked.
class MemberReader {
  public:
    explicit MemberReader(ZipReader zip)
        : zip_(std::move(zip)) {}

    bool is_at_end() const { return next_ == zip_.count(); }

    bool is_next(std::string_view name) const {
        const auto info = is_at_end() ? Result<ZipMemberInfo>() : zip_.info(next_);
        return info && info->name == name;
    }

    Result<std::string> read(const std::string& name, std::size_t bytes_max) {
        if (is_at_end()) {
            return bad_file("it has no '" + name + "'");
        }
        TIDEWAY_TRY_ASSIGN(const ZipMemberInfo info, zip_.info(next_));
        if (info.name != name) {
            return bad_file(
                "'" + info.name.substr(0, limits::kEntryNameBytesMax) + "' stands where '" + name +
                "' has to be"
            );
        }
        if (!info.is_plain_file || !info.is_readable) {
            return bad_file("'" + name + "' is a link, a folder, encrypted or packed otherwise");
        }
        if (info.size > bytes_max) {
            return too_large(
                "'" + name + "' has " + std::to_string(info.size) + " bytes, at most " +
                std::to_string(bytes_max) + " are allowed"
            );
        }
        if (info.size > kRatioCountsFrom && info.size / limits::kEntryRatioMax > info.packed_size) {
            return bad_file("'" + name + "' unpacks to more than any text does");
        }
        TIDEWAY_TRY_ASSIGN(std::string out, zip_.read(next_, info));
        ++next_;
        return out;
    }

  private:
    ZipReader zip_;
    std::size_t next_ = 0;
};

// By what the manifest says, before anything is unpacked.
Status check_sizes(const Manifest& manifest) {
    if (manifest.entries.size() > limits::kPackFilesMax) {
        return too_large("it has " + std::to_string(manifest.entries.size()) + " files");
    }
    std::size_t total = 0;
    for (const Entry& entry : manifest.entries) {
        if (entry.bytes > limits::kPackFileBytesMax) {
            return too_large("'" + entry.path + "' has " + std::to_string(entry.bytes) + " bytes");
        }
        total += entry.bytes;
    }
    return total > limits::kUnpackedBytesMax ? Status(too_large("its files together")) : Status();
}

Status read_entries(MemberReader& members, PackFile& pack) {
    for (const Entry& entry : pack.manifest.entries) {
        const std::string member = std::string(kFilesFolder) + entry.path;
        TIDEWAY_TRY_ASSIGN(std::string text, members.read(member, entry.bytes));
        if (text.size() != entry.bytes || to_hex(sha256(text)) != entry.sha256) {
            return fail(
                ErrorKind::kInvalidInput,
                "PackHashMismatch",
                "The file '" + entry.path + "' is not the one that the pack's manifest names.",
                "The pack was changed after it was built; ask its publisher for it again."
            );
        }
        pack.files.emplace(entry.path, std::move(text));
    }
    return members.is_at_end() ? Status() : bad_file("it has more than its manifest lists");
}

Status read_signature(MemberReader& members, PackFile& pack) {
    if (!members.is_next(kSignature)) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const std::string text, members.read(kSignature, kSignatureBytesMax));
    TIDEWAY_TRY_ASSIGN(pack.signature, parse_signature(text));
    if (!is_valid(*pack.signature, pack.manifest_text)) {
        return fail(
            ErrorKind::kInvalidInput,
            "PackSignatureInvalid",
            "The signature of the pack does not fit its manifest.",
            "The pack was changed after it was signed; ask its publisher for it again."
        );
    }
    return {};
}

}  // namespace

Result<PackFile> make_pack_file(Files files, Editing editing) {
    PackFile out;
    TIDEWAY_TRY_ASSIGN(out.manifest, describe(files, editing));
    TIDEWAY_TRY_ASSIGN(out.manifest_text, manifest_text(files, editing));
    out.files = std::move(files);
    return out;
}

Result<std::string> write_pack_file(const PackFile& pack) {
    std::vector<ZipMember> members{{kManifest, pack.manifest_text}};
    if (pack.signature) {
        members.push_back({kSignature, signature_text(*pack.signature)});
    }
    for (const auto& [path, text] : pack.files) {
        members.push_back({std::string(kFilesFolder) + path, text});
    }
    TIDEWAY_TRY_ASSIGN(std::string out, write_zip(members));
    if (out.size() > limits::kPackedBytesMax) {
        return too_large(std::to_string(out.size()) + " bytes");
    }
    return out;
}

Result<std::string> load_pack_bytes(const std::filesystem::path& file) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(file, ignored);
    if (!ignored && size > limits::kPackedBytesMax) {
        return too_large(std::to_string(size) + " bytes");
    }
    return read_text(file);
}

Result<PackFile> read_pack_file(std::string_view bytes, const Acceptance& is_accepted) {
    if (bytes.size() > limits::kPackedBytesMax) {
        return too_large(std::to_string(bytes.size()) + " bytes");
    }
    TIDEWAY_TRY_ASSIGN(ZipReader zip, ZipReader::open(bytes));
    if (zip.count() > limits::kPackFilesMax + 2) {
        return too_large("it has " + std::to_string(zip.count()) + " members");
    }
    MemberReader members(std::move(zip));
    PackFile out;
    TIDEWAY_TRY_ASSIGN(out.manifest_text, members.read(kManifest, limits::kManifestBytesMax));
    TIDEWAY_TRY_ASSIGN(out.manifest, parse_manifest(out.manifest_text));
    TIDEWAY_TRY(check_sizes(out.manifest));
    TIDEWAY_TRY(read_signature(members, out));
    TIDEWAY_TRY(is_accepted(out.manifest, out.signature));
    TIDEWAY_TRY(read_entries(members, out));
    TIDEWAY_TRY_ASSIGN(const std::string expected, manifest_text(out.files, out.manifest.editing));
    if (expected != out.manifest_text) {
        return bad_file("its manifest says something else than its files");
    }
    return out;
}

}  // namespace tideway::pack
