#include "engine/pack/shelf.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/json.h"
#include "engine/base/limits.h"
#include "engine/pack/record.h"

namespace tideway::pack {

namespace fs = std::filesystem;

namespace {

constexpr const char* kGenerations = ".generations";
constexpr const char* kStaging = ".staging";
constexpr const char* kFiles = "files";
constexpr const char* kVendorFile = "vendor.pack";
constexpr const char* kRecordFile = "record.json";

Status accept_all(const Manifest&, const std::optional<Signature>&) {
    return {};
}

std::optional<int> as_number(const std::string& text) {
    int out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    const bool is_whole = error == std::errc() && end == text.data() + text.size() && out > 0;
    return is_whole ? std::optional(out) : std::nullopt;
}

void drop(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

Installed new_record(const PackFile& vendor, const Origin& origin) {
    Installed out;
    out.name = vendor.manifest.name;
    out.title = vendor.manifest.title;
    out.publisher = vendor.manifest.publisher;
    out.version = vendor.manifest.version;
    out.requires_ = vendor.manifest.requires_;
    out.editing = vendor.manifest.editing;
    out.origin = origin;
    return out;
}

}  // namespace

Shelf::Use::Use(Use&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

Shelf::Use::~Use() {
    if (file_ >= 0) {
        ::close(file_);  // gives the lock back
    }
}

Shelf::Staged::Staged(Staged&& other) noexcept
    : folder_(std::exchange(other.folder_, fs::path())),
      pack_(std::move(other.pack_)) {}

Shelf::Staged::~Staged() {
    if (folder_.empty()) {
        return;
    }
    drop(folder_);
    std::error_code ignored;
    fs::remove(folder_.parent_path(), ignored);  // unless it has other generations
}

Result<Shelf::Use> Shelf::use() {
    std::error_code error;
    fs::create_directories(folder_ / kGenerations, error);
    const std::string file = folder_ / ".lock";
    Use out(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (error || out.file_ < 0) {
        return storage_error(file, error ? error.message() : "it cannot be opened");
    }
    if (::flock(out.file_, LOCK_EX | LOCK_NB) != 0) {
        return fail(
            ErrorKind::kConflict,
            "PackShelfBusy",
            "Another command changes the packs in " + folder_.string() + ".",
            "Repeat this one when it is done."
        );
    }
    clean_up();
    return out;
}

// What is no whole generation, and generations of packs that are not installed.
void Shelf::clean_up() const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_ / kGenerations, ignored)) {
        const std::string name = entry.path().filename().string();
        drop(entry.path() / kStaging);
        if (!live_generation(name)) {
            drop(entry.path());
        }
    }
    drop(folder_ / ".link");
}

fs::path Shelf::generations(const std::string& name) const {
    return folder_ / kGenerations / name;
}

fs::path Shelf::generation(const std::string& name, int number) const {
    return generations(name) / std::to_string(number);
}

std::optional<int> Shelf::live_generation(const std::string& name) const {
    std::error_code error;
    const fs::path target = fs::read_symlink(live_folder(name), error);
    return error ? std::nullopt : as_number(target.parent_path().filename().string());
}

std::vector<int> Shelf::all_generations(const std::string& name) const {
    std::vector<int> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(generations(name), ignored)) {
        if (const auto number = as_number(entry.path().filename().string())) {
            out.push_back(*number);
        }
    }
    std::ranges::sort(out);
    return out;
}

bool Shelf::has(const std::string& name) const {
    return live_generation(name).has_value();
}

Result<Installed> Shelf::read_record(const std::string& name, int number) const {
    TIDEWAY_TRY_ASSIGN(const std::string text, read_text(generation(name, number) / kRecordFile));
    TIDEWAY_TRY_ASSIGN(Installed out, parse_record(text));
    out.generation = number;
    return out;
}

Result<Installed> Shelf::find(const std::string& name) const {
    const auto number = live_generation(name);
    if (!number) {
        return fail(
            ErrorKind::kNotFound,
            "PackNotInstalled",
            "The pack '" + name + "' is not installed.",
            "List those that are with: tideway pack list"
        );
    }
    return read_record(name, *number);
}

Result<std::vector<Installed>> Shelf::list() const {
    std::vector<Installed> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
        const std::string name = entry.path().filename().string();
        const auto number = name.starts_with('.') ? std::nullopt : live_generation(name);
        if (number) {
            TIDEWAY_TRY_ASSIGN(Installed pack, read_record(name, *number));
            out.push_back(std::move(pack));
        }
    }
    std::ranges::sort(out, {}, &Installed::name);
    return out;
}

Result<PackFile> Shelf::vendor(const Installed& pack) const {
    const fs::path file = generation(pack.name, pack.generation) / kVendorFile;
    TIDEWAY_TRY_ASSIGN(const std::string bytes, read_text(file));
    return read_pack_file(bytes, accept_all);
}

Result<Folder> Shelf::live(const std::string& name) const {
    return read_folder(live_folder(name));
}

Result<Folder> Shelf::files_of(const Installed& pack) const {
    return read_folder(generation(pack.name, pack.generation) / kFiles);
}

Result<Shelf::Staged> Shelf::stage(
    const Use&, const PackFile& vendor, const Files& files, const Origin& origin
) {
    Installed record = new_record(vendor, origin);
    if (const auto now = live_generation(record.name)) {
        TIDEWAY_TRY_ASSIGN(const Installed installed, read_record(record.name, *now));
        record.previous = *now;
        record.is_customised = installed.is_customised;
    }
    const auto numbers = all_generations(record.name);
    record.generation = numbers.empty() ? 1 : numbers.back() + 1;
    Staged out(generations(record.name) / kStaging, record);
    TIDEWAY_TRY_ASSIGN(const std::string packed, write_pack_file(vendor));
    TIDEWAY_TRY(write_files(out.files_folder(), files));
    if (record.previous != 0) {
        TIDEWAY_TRY_ASSIGN(const Folder before, live(record.name));
        TIDEWAY_TRY(copy_beside(live_folder(record.name), before.beside, out.files_folder()));
    }
    visit("pack staged");
    TIDEWAY_TRY(write_text(out.folder_ / kVendorFile, packed));
    TIDEWAY_TRY(write_text(out.folder_ / kRecordFile, record_text(record)));
    TIDEWAY_TRY(sync_folder(out.folder_));
    visit("pack staged");
    return out;
}

Status Shelf::go_live(const Use&, Staged staged) {
    const std::string name = staged.pack_.name;
    const int number = staged.pack_.generation;
    std::error_code error;
    fs::rename(staged.folder_, generation(name, number), error);
    if (error) {
        return storage_error(generation(name, number), error.message());
    }
    staged.folder_.clear();
    TIDEWAY_TRY(sync_folder(generations(name)));
    TIDEWAY_TRY(sync_folder(folder_ / kGenerations));
    visit("pack named");
    TIDEWAY_TRY(make_live(name, number));
    drop_old_generations(name);
    return {};
}

// Renaming a link over another is one moment for everybody who looks.
Status Shelf::make_live(const std::string& name, int number) {
    const fs::path link = folder_ / ".link";
    const fs::path target = fs::path(kGenerations) / name / std::to_string(number) / kFiles;
    std::error_code error;
    fs::remove(link, error);
    fs::create_symlink(target, link, error);
    visit("pack linked");
    if (!error) {
        fs::rename(link, live_folder(name), error);
    }
    if (error) {
        return storage_error(live_folder(name), error.message());
    }
    visit("pack live");
    return sync_folder(folder_);
}

void Shelf::drop_old_generations(const std::string& name) const {
    const auto numbers = all_generations(name);
    const auto now = live_generation(name);
    for (std::size_t i = 0; i + limits::kPackGenerationsMax < numbers.size(); ++i) {
        if (numbers[i] != now) {
            drop(generation(name, numbers[i]));
        }
    }
}

Result<Installed> Shelf::previous(const std::string& name) const {
    TIDEWAY_TRY_ASSIGN(const Installed now, find(name));
    if (now.previous == 0 || !fs::exists(generation(name, now.previous))) {
        return fail(
            ErrorKind::kConflict,
            "NoEarlierPack",
            "Nothing earlier of the pack '" + name + "' is kept.",
            "Only an upgrade can be rolled back."
        );
    }
    return read_record(name, now.previous);
}

Status Shelf::roll_back(const Use&, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const Installed before, previous(name));
    return make_live(name, before.generation);
}

Status Shelf::customise(const Use&, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(Installed pack, find(name));
    pack.is_customised = true;
    return replace_text(generation(name, pack.generation) / kRecordFile, record_text(pack));
}

Status Shelf::remove(const Use&, const std::string& name) {
    TIDEWAY_TRY(find(name));
    std::error_code error;
    fs::remove(live_folder(name), error);
    if (error) {
        return storage_error(live_folder(name), error.message());
    }
    visit("pack unlinked");
    TIDEWAY_TRY(sync_folder(folder_));
    drop(generations(name));
    return {};
}

void Shelf::visit(std::string_view place) const {
    if (crash_points_ != nullptr) {
        crash_points_->visit(place);
    }
}

}  // namespace tideway::pack
