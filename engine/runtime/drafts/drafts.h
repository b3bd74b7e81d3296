// What is edited, beside what is published: the folders of the packs are read, checked and shown as
// drafts; a draft is compared, published, tried, and replaced by what a pack was before.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/runtime/drafts/key_changes.h"
#include "engine/runtime/drafts/on_save.h"
#include "engine/runtime/drafts/pack_folder.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

class Activation;

struct DraftServices {
    FlowCatalog* catalog = nullptr;
    store::Store* store = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    OnSave on_save = OnSave::kDraft;
    // Of the packs that are edited here, as they are now: asked at each look.
    std::function<std::vector<std::string>()> folders{};
};

enum class FileChange { kAdded, kChanged, kRemoved };
std::string_view to_string(FileChange change);  // "added", "changed", "removed"

struct FileDiff {
    std::string path;
    FileChange change = FileChange::kChanged;
    std::string text;             // unified
    std::vector<KeyChange> keys;  // of JSON files that are JSON on both sides
};

struct PackDiff {
    std::string from;  // "revision 3", "draft"
    std::string to;
    std::vector<FileDiff> files;
};

struct DraftStatus {
    std::string pack;
    std::string title;
    std::string folder;  // empty: it is not edited here
    std::optional<model::PackRevision> live;
    std::vector<FileDiff> changes;  // without their texts; draft against published
    std::vector<script::Finding> findings;
    std::optional<Error> unreadable;  // why the folder is no pack as it is
};

// Whether something is published with the act that prepares it.
enum class Then { kStay, kPublish };

struct Restored {
    std::optional<model::PackRevision> kept;       // the draft that was replaced
    std::optional<model::PackRevision> published;  // with Then::kPublish
    std::vector<script::Finding> findings;
};

// What a caller knows of a file that it changes.
struct FileCondition {
    std::string etag;     // it still is that; empty: see is_new
    bool is_new = false;  // there is no such file yet
};

struct SavedFile {
    PackFile file;  // of a removed one: only its path
    std::vector<script::Finding> findings;
    std::optional<model::PackRevision> published;  // on_save = publish
};

// Thread: one at a time; start() before any other thread, then the desk. Everything may block.
class Drafts {
  public:
    explicit Drafts(DraftServices services)
        : services_(std::move(services)) {}

    // From now on a draft has to bring what its flows that are on need. Borrowed.
    void check_with(const Activation& activation) { activation_ = &activation; }

    // Publishes packs that were never published, where they are right; shows the others.
    Status start();

    // Takes up what has changed in the folders.
    Status look();
    // The same, whether or not anything seems to have changed.
    Status reload();

    // The folder as it is now, unless that is what is published.
    Status publish_folder(const std::string& folder, const Publication& publication);

    // Code "DraftNotPublished" when the pack is edited here and not as it is published.
    Status check_nothing_pending(const std::string& pack) const;

    std::vector<DraftStatus> status() const;
    Result<DraftStatus> status(const std::string& pack) const;

    Result<std::vector<model::PackRevision>> history(const std::string& pack) const;

    // "draft", "published" or the number of a revision.
    Result<PackDiff> diff(const std::string& pack, const std::string& from, const std::string& to)
        const;

    // All of the draft or nothing. Code "NothingToPublish" when it is what is published.
    Result<model::PackRevision> publish(const std::string& pack, Publication publication);

    // The draft becomes what the pack was; a draft that was never published is kept as a revision.
    Result<Restored> restore(
        const std::string& pack, int number, Publication publication, Then then
    );

    // The flow as it is edited, ready for a run of its own.
    Result<FlowEntry> flow_of_draft(const std::string& flow, Publication publication);

    Result<std::vector<PackFile>> files(const std::string& pack) const;
    Result<std::string> text(const std::string& pack, const std::string& file) const;
    // Code "FileChanged" (412) with both versions' facts when the condition is not met.
    Result<SavedFile> save(
        const std::string& pack,
        const std::string& file,
        std::string_view text,
        const FileCondition& condition,
        const std::string& person
    );
    Result<SavedFile> remove(
        const std::string& pack,
        const std::string& file,
        const FileCondition& condition,
        const std::string& person
    );

  private:
    struct Source {
        PackFolder folder;
        std::string pack;  // empty: it could never be read
        std::string seen;  // fingerprint
        std::optional<CheckedPack> draft;
        std::optional<Error> unreadable;
    };

    struct Side {
        std::string name;
        model::PackFiles files;
    };

    // What came of reading a folder again: what is live now because of it.
    using Published = std::optional<model::PackRevision>;

    void follow_folders();
    Status read_again(Source& source);
    Result<Published> take_up(Source& source, const Publication& publication);
    void read(Source& source) const;
    bool publishes_at_once(const Source& source) const;
    void tell(const Source& source) const;
    void check_running_flows(CheckedPack& checked) const;
    Publication by_itself(std::string note) const;
    DraftStatus status_of(const Source& source) const;
    Result<Source*> source_of(const std::string& pack);
    Result<const Source*> source_of(const std::string& pack) const;
    Result<CheckedPack> fresh_draft(const std::string& pack);
    Result<Side> side(const std::string& pack, const std::string& name) const;
    Result<std::optional<model::PackRevision>> keep(
        const std::string& pack, const model::PackFiles& files, const Publication& publication
    );
    Status check_condition(
        const Source& source, const std::string& file, const FileCondition& condition
    ) const;
    Result<SavedFile> saved(Source& source, const std::string& file, const std::string& person);

    DraftServices services_;
    const Activation* activation_ = nullptr;
    std::vector<Source> sources_;

    // Who saved a file through save(), while it is as they left it.
    struct LastSave {
        std::string etag;
        std::string person;
    };

    std::map<std::pair<std::string, std::string>, LastSave> last_saves_;  // by pack and file
};

}  // namespace tideway::runtime
