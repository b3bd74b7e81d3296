// A folder of its own below the place for temporary files, gone with the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tideway {

// Thread: any.
class TempFolder {
  public:
    TempFolder()
        : TempFolder(std::filesystem::temp_directory_path()) {}

    // Inside `parent`; empty: where temporary files go.
    explicit TempFolder(const std::filesystem::path& parent) {
        const auto place = parent.empty() ? std::filesystem::temp_directory_path() : parent;
        std::string pattern = (place / "tideway-XXXXXX").string();
        if (const char* made = ::mkdtemp(pattern.data()); made != nullptr) {
            path_ = made;
        }
    }

    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

}  // namespace tideway
