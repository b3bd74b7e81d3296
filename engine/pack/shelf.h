// The packs that an environment has installed, on disk.
//
//   <folder>/<pack>                        link to the files that are live; people edit there
//   <folder>/.generations/<pack>/<n>/      one installation, upgrade or copy
//       files/        what is live, with what was edited here
//       vendor.pack   as it came: what the next upgrade compares with
//       record.json   what, from whom, when
//   <folder>/.trust.json                   keys of publishers
//
// A generation is made aside, brought to the disk, named, and becomes live by replacing the link:
// whoever dies in between leaves the old one or the new one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/crash_points.h"
#include "engine/base/result.h"
#include "engine/pack/folder.h"
#include "engine/pack/pack_file.h"

namespace tideway::pack {

// How a pack came here, as people are told.
struct Origin {
    std::string signer;  // id of the key; empty: nobody signed it
    std::string source;  // "file", "built in", "copy of <pack>"
    std::string person;
    std::string at;  // ISO 8601
};

struct Installed {
    std::string name;
    std::string title;
    std::string publisher;
    Version version;
    Requirements requires_;
    Editing editing = Editing::kAllowed;
    bool is_customised = false;  // managed, and may be edited all the same
    int generation = 0;
    int previous = 0;  // what a rollback makes live; 0: nothing
    Origin origin;

    bool may_be_edited() const { return editing == Editing::kAllowed || is_customised; }
};

// Thread: one at a time; other processes are kept out by Shelf::Use.
class Shelf {
  public:
    // `crash_points`: what a test of crashes counts; null otherwise.
    explicit Shelf(std::filesystem::path folder, CrashPoints* crash_points = nullptr)
        : folder_(std::move(folder)),
          crash_points_(crash_points) {}

    // Holds the shelf while something is changed; made first. Removes what a crash has left.
    class Use {
      public:
        Use(Use&& other) noexcept;
        Use& operator=(Use&&) = delete;
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use();

      private:
        friend class Shelf;

        explicit Use(int file)
            : file_(file) {}

        int file_;
    };

    // Code "PackShelfBusy" while somebody else changes it.
    Result<Use> use();

    std::filesystem::path live_folder(const std::string& name) const { return folder_ / name; }

    std::string trust_file() const { return (folder_ / ".trust.json").string(); }

    // By name. A record that cannot be read is an error.
    Result<std::vector<Installed>> list() const;
    // Code "PackNotInstalled".
    Result<Installed> find(const std::string& name) const;
    bool has(const std::string& name) const;

    // What the vendor delivered.
    Result<PackFile> vendor(const Installed& pack) const;
    // What is live, with what was edited.
    Result<Folder> live(const std::string& name) const;
    Result<Folder> files_of(const Installed& pack) const;
    // What a rollback makes live. Code "NoEarlierPack".
    Result<Installed> previous(const std::string& name) const;

    // A generation that nobody sees yet: gone with the object unless it went live.
    class Staged {
      public:
        Staged(Staged&& other) noexcept;
        Staged& operator=(Staged&&) = delete;
        Staged(const Staged&) = delete;
        Staged& operator=(const Staged&) = delete;
        ~Staged();

        std::filesystem::path files_folder() const { return folder_ / "files"; }

        const Installed& pack() const { return pack_; }

      private:
        friend class Shelf;

        Staged(std::filesystem::path folder, Installed pack)
            : folder_(std::move(folder)),
              pack_(std::move(pack)) {}

        std::filesystem::path folder_;  // empty: it is live
        Installed pack_;
    };

    // `files`: the vendor's, or merged with what was edited. Name, version and editing are the
    // vendor's; what is kept beside the live files goes along. On the disk when it returns.
    Result<Staged> stage(
        const Use& use, const PackFile& vendor, const Files& files, const Origin& origin
    );

    // On the disk when it returns.
    Status go_live(const Use& use, Staged staged);

    // Makes the previous generation live.
    Status roll_back(const Use& use, const std::string& name);

    Status customise(const Use& use, const std::string& name);

    // With all its generations.
    Status remove(const Use& use, const std::string& name);

  private:
    std::filesystem::path generations(const std::string& name) const;
    std::filesystem::path generation(const std::string& name, int number) const;
    Result<Installed> read_record(const std::string& name, int number) const;
    std::optional<int> live_generation(const std::string& name) const;
    std::vector<int> all_generations(const std::string& name) const;
    Status make_live(const std::string& name, int number);
    void drop_old_generations(const std::string& name) const;
    void clean_up() const;
    void visit(std::string_view place) const;

    std::filesystem::path folder_;
    CrashPoints* crash_points_;
};

}  // namespace tideway::pack
