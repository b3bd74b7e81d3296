#include "engine/pack/folder.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/limits.h"
#include "engine/pack/manifest.h"

namespace tideway::pack {

namespace fs = std::filesystem;

namespace {

class FileHandle {
  public:
    explicit FileHandle(int file)
        : file_(file) {}

    ~FileHandle() {
        if (file_ >= 0) {
            ::close(file_);
        }
    }

    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;

    int get() const { return file_; }

  private:
    int file_;
};

std::string reason() {
    return std::generic_category().message(errno);
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

// The folders above `file` up to `root`, whose names have to be on the disk with it.
void add_folders(const fs::path& root, fs::path file, std::set<fs::path>& out) {
    while (file != root && file.has_parent_path()) {
        file = file.parent_path();
        out.insert(file);
    }
}

Status copy_one(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error) {
        fs::copy(from, to, fs::copy_options::copy_symlinks | fs::copy_options::recursive, error);
    }
    return error ? Status(storage_error(to, error.message())) : Status();
}

bool is_hidden(const fs::path& name) {
    return std::ranges::any_of(name, [](const fs::path& part) {
        return part.string().starts_with('.');
    });
}

enum class Found { kFolder, kHiddenFolder, kFile, kBeside };

Found what_is(const fs::directory_entry& entry, const std::string& name) {
    std::error_code ignored;
    const bool is_link = entry.is_symlink(ignored);
    if (!is_link && entry.is_directory(ignored)) {
        return is_hidden(name) ? Found::kHiddenFolder : Found::kFolder;
    }
    const bool is_part = !is_link && entry.is_regular_file(ignored) && is_entry_name(name);
    return is_part ? Found::kFile : Found::kBeside;
}

}  // namespace

tl::unexpected<Error> storage_error(const fs::path& path, const std::string& why) {
    return fail(
        ErrorKind::kStorage,
        "FileUnwritable",
        path.string() + " cannot be written: " + why + ".",
        "Check that the folder is writable and the disk has space."
    );
}

Result<std::string> read_text(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return fail(
            ErrorKind::kNotFound, "FileUnreadable", "The file " + file.string() + " cannot be read."
        );
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Status sync_folder(const fs::path& folder) {
    const FileHandle file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return file.get() >= 0 && ::fsync(file.get()) == 0 ? Status() : storage_error(folder, reason());
}

Status write_text(const fs::path& path, std::string_view text) {
    const FileHandle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    const bool is_done = file.get() >= 0 && write_all(file.get(), text) && ::fsync(file.get()) == 0;
    return is_done ? Status() : storage_error(path, reason());
}

Status replace_text(const fs::path& path, std::string_view text) {
    const fs::path next = path.string() + ".new";
    TIDEWAY_TRY(write_text(next, text));
    std::error_code error;
    fs::rename(next, path, error);
    if (error) {
        return storage_error(path, error.message());
    }
    return sync_folder(path.parent_path());
}

Result<Folder> read_folder(const fs::path& folder) {
    Folder out;
    std::error_code error;
    const fs::path root = fs::canonical(folder, error);
    fs::recursive_directory_iterator it(root, error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
        const std::string name = it->path().lexically_relative(root).generic_string();
        const Found found = what_is(*it, name);
        if (found == Found::kHiddenFolder) {
            it.disable_recursion_pending();
        }
        if (found == Found::kHiddenFolder || found == Found::kBeside) {
            out.beside.push_back(name);
        }
        if (found != Found::kFile) {
            continue;
        }
        std::error_code gone;
        const auto size = it->file_size(gone);
        if ((!gone && size > limits::kPackFileBytesMax) ||
            out.files.size() >= limits::kPackFilesMax) {
            return fail(
                ErrorKind::kLimit,
                "PackTooLarge",
                "The pack folder " + folder.string() + " is too large at its file '" + name + "'.",
                "Take out what flows do not need."
            );
        }
        TIDEWAY_TRY_ASSIGN(out.files[name], read_text(it->path()));
    }
    if (error) {
        return fail(
            ErrorKind::kNotFound,
            "PackNotFound",
            "The pack folder " + folder.string() + " cannot be read: " + error.message() + "."
        );
    }
    TIDEWAY_TRY(check_files(out.files));
    return out;
}

Result<Files> read_source(const fs::path& folder) {
    TIDEWAY_TRY_ASSIGN(Folder read, read_folder(folder));
    for (const std::string& name : read.beside) {
        if (!is_hidden(name)) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidPackFile",
                "'" + name + "' cannot be part of a pack" +
                    (is_entry_name(name) ? ": it is no plain file." : " under that name."),
                "Names have letters, digits, '_', '-' and '.', and end in .lua, .json, .md or "
                ".txt. What begins with '.' is left out."
            );
        }
    }
    TIDEWAY_TRY_ASSIGN(const auto libraries, missing_libraries(read.files));
    for (const std::string& name : libraries) {
        TIDEWAY_TRY_ASSIGN(Folder library, read_folder(folder / ".." / name));
        add_library(name, std::move(library.files), read.files);
    }
    return std::move(read.files);
}

Status write_files(const fs::path& folder, const Files& files) {
    std::error_code error;
    fs::create_directories(folder, error);
    std::set<fs::path> folders{folder};
    for (const auto& [name, text] : files) {
        const fs::path file = folder / name;
        fs::create_directories(file.parent_path(), error);
        if (error) {
            return storage_error(file, error.message());
        }
        TIDEWAY_TRY(write_text(file, text));
        add_folders(folder, file, folders);
    }
    for (const fs::path& each : folders) {
        TIDEWAY_TRY(sync_folder(each));
    }
    return {};
}

Status copy_beside(
    const fs::path& from, const std::vector<std::string>& names, const fs::path& to
) {
    for (const std::string& name : names) {
        TIDEWAY_TRY(copy_one(from / name, to / name));
    }
    return {};
}

}  // namespace tideway::pack
