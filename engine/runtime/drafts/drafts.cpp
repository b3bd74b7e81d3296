#include "engine/runtime/drafts/drafts.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/limits.h"
#include "engine/pack/line_diff.h"
#include "engine/runtime/activation.h"

namespace tideway::runtime {

using model::PackFiles;
using model::PackRevision;
using model::RevisionKind;

namespace {

constexpr std::string_view kDraftSide = "draft";
constexpr std::string_view kPublishedSide = "published";

tl::unexpected<Error> no_such_pack(const std::string& pack) {
    return fail(
        ErrorKind::kNotFound,
        "PackNotFound",
        "No folder of this server has a pack '" + pack + "'.",
        "List them with: tideway flows drafts"
    );
}

tl::unexpected<Error> never_published(const std::string& pack) {
    return fail(
        ErrorKind::kNotFound,
        "RevisionNotFound",
        "The pack '" + pack + "' has never been published.",
        "Publish it: tideway flows publish " + pack
    );
}

Error renamed(const std::string& folder, const std::string& from, const std::string& to) {
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "PackRenamed";
    error.message = "The pack in " + folder + " was '" + from + "' and calls itself '" + to + "'.";
    error.remedy = "Keep its name in pack.json; a pack of another name is another folder.";
    return error;
}

Status check_note(const std::string& note) {
    if (note.size() <= limits::kNoteBytesMax) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidNote",
        "The note has " + std::to_string(note.size()) + " bytes.",
        "Write at most " + std::to_string(limits::kNoteBytesMax) + "."
    );
}

void add_keys(FileDiff& diff, const std::string& before, const std::string& after) {
    if (!diff.path.ends_with(".json")) {
        return;
    }
    const auto from = parse_json(before, diff.path);
    const auto to = parse_json(after, diff.path);
    if (from && to) {
        diff.keys = key_changes(*from, *to);
    }
}

enum class Texts { kWithout, kWith };

FileDiff compare(
    const std::string& path, const std::string* before, const std::string* after, Texts texts
) {
    FileDiff diff;
    diff.path = path;
    diff.change = before == nullptr  ? FileChange::kAdded
                  : after == nullptr ? FileChange::kRemoved
                                     : FileChange::kChanged;
    if (texts == Texts::kWithout) {
        return diff;
    }
    const std::string nothing;
    const std::string& from = before == nullptr ? nothing : *before;
    const std::string& to = after == nullptr ? nothing : *after;
    diff.text = pack::unified_diff(
        before == nullptr ? "/dev/null" : "a/" + path,
        after == nullptr ? "/dev/null" : "b/" + path,
        from,
        to
    );
    if (diff.change == FileChange::kChanged) {
        add_keys(diff, from, to);
    }
    return diff;
}

std::vector<FileDiff> compare(const PackFiles& from, const PackFiles& to, Texts texts) {
    std::vector<FileDiff> out;
    for (const auto& [path, text] : from) {
        const auto now = to.find(path);
        if (now == to.end() || now->second != text) {
            out.push_back(compare(path, &text, now == to.end() ? nullptr : &now->second, texts));
        }
    }
    for (const auto& [path, text] : to) {
        if (!from.contains(path)) {
            out.push_back(compare(path, nullptr, &text, texts));
        }
    }
    std::ranges::sort(out, {}, &FileDiff::path);
    return out;
}

}  // namespace

std::string_view to_string(FileChange change) {
    switch (change) {
        case FileChange::kAdded:
            return "added";
        case FileChange::kRemoved:
            return "removed";
        case FileChange::kChanged:
            return "changed";
    }
    return "changed";
}

Publication Drafts::by_itself(std::string note) const {
    return {"", std::move(note), services_.clock->now()};
}

// ------------------------------------------------------------------ reading the folders

Status Drafts::start() {
    TIDEWAY_TRY(services_.catalog->renew(services_.clock->now()));
    return reload();
}

Status Drafts::reload() {
    for (Source& source : sources_) {
        source.seen.clear();
    }
    return look();
}

Status Drafts::look() {
    follow_folders();
    for (Source& source : sources_) {
        const std::string now = source.folder.fingerprint();
        if (now == source.seen) {
            continue;
        }
        TIDEWAY_TRY(take_up(source, by_itself("Saved in the folder of the pack.")));
        source.seen = now;
    }
    return {};
}

void Drafts::follow_folders() {
    const std::vector<std::string> folders = services_.folders();
    std::erase_if(sources_, [&folders](const Source& source) {
        return std::ranges::find(folders, source.folder.path()) == folders.end();
    });
    for (const std::string& folder : folders) {
        const bool is_known = std::ranges::any_of(sources_, [&folder](const Source& source) {
            return source.folder.path() == folder;
        });
        if (!is_known) {
            sources_.push_back({PackFolder(folder), {}, {}, {}, {}});
        }
    }
}

Status Drafts::publish_folder(const std::string& folder, const Publication& publication) {
    follow_folders();
    for (Source& source : sources_) {
        if (source.folder.path() != folder) {
            continue;
        }
        source.seen = source.folder.fingerprint();
        TIDEWAY_TRY(read_again(source));
        if (source.unreadable) {
            return fail(*source.unreadable);
        }
        const auto live = services_.catalog->live_revision(source.pack);
        const bool is_live = live && live->hash == model::files_hash(source.draft->pack.files);
        if (!is_live) {
            TIDEWAY_TRY(services_.catalog->publish(*source.draft, publication));
        }
    }
    return {};
}

Status Drafts::check_nothing_pending(const std::string& pack) const {
    const auto source = source_of(pack);
    const auto changes = source ? status_of(**source).changes : std::vector<FileDiff>();
    if (changes.empty()) {
        return {};
    }
    return fail(
        ErrorKind::kConflict,
        "DraftNotPublished",
        "The pack '" + pack + "' has a draft: " + changes.front().path +
            " is not as it is published.",
        "Publish it with tideway flows publish " + pack + ", or go back with tideway flows restore."
    );
}

Status Drafts::read_again(Source& source) {
    read(source);
    tell(source);
    return source.draft ? services_.catalog->put_draft(*source.draft) : Status();
}

Result<Drafts::Published> Drafts::take_up(Source& source, const Publication& publication) {
    TIDEWAY_TRY(read_again(source));
    if (!source.draft || !publishes_at_once(source)) {
        return Published();
    }
    TIDEWAY_TRY_ASSIGN(
        PackRevision revision, services_.catalog->publish(*source.draft, publication)
    );
    return Published(std::move(revision));
}

void Drafts::read(Source& source) const {
    source.draft.reset();
    source.unreadable.reset();
    auto pack = source.folder.read();
    if (!pack) {
        source.unreadable = std::move(pack.error());
        return;
    }
    if (!source.pack.empty() && source.pack != pack->name) {
        source.unreadable = renamed(source.folder.path(), source.pack, pack->name);
        return;
    }
    source.pack = pack->name;
    source.draft = services_.catalog->check(std::move(*pack));
    check_running_flows(*source.draft);
}

// A flow that is on must be able to go on: what it needs now has to be there before.
void Drafts::check_running_flows(CheckedPack& checked) const {
    if (activation_ == nullptr) {
        return;
    }
    for (CheckedPack::Flow& flow : checked.flows) {
        auto entry = services_.catalog->flow(checked.pack.name + "/" + flow.name);
        if (!flow.loaded || !entry || entry->row.state != model::FlowState::kOn) {
            continue;
        }
        entry->published = flow.loaded;
        for (const Error& problem : activation_->problems(*entry)) {
            // A child that comes with this draft can only be turned on after it.
            if (problem.code == "ChildFlowNeverPublished") {
                continue;
            }
            script::Finding finding;
            finding.code = problem.code;
            finding.file = flow.name + ".lua";
            finding.message = problem.message;
            finding.suggestion = problem.remedy;
            flow.findings.push_back(finding);
            checked.findings.push_back(std::move(finding));
        }
    }
}

// What was never published is not in anybody's way: all of its flows are off.
bool Drafts::publishes_at_once(const Source& source) const {
    if (source.draft->has_errors()) {
        return false;
    }
    const auto live = services_.catalog->live_revision(source.pack);
    if (!live) {
        return true;
    }
    return services_.on_save == OnSave::kPublish &&
           live->hash != model::files_hash(source.draft->pack.files);
}

void Drafts::tell(const Source& source) const {
    if (source.unreadable) {
        services_.log->error(
            "a pack cannot be read",
            {{"folder", source.folder.path()}, {"error", source.unreadable->text()}}
        );
        return;
    }
    for (const script::Finding& finding : source.draft->findings) {
        if (finding.severity == script::Finding::Severity::kError) {
            services_.log->error(
                finding.message,
                {{"pack", source.pack},
                 {"file", finding.file},
                 {"line", static_cast<std::int64_t>(finding.line)}}
            );
        }
    }
}

// ------------------------------------------------------------------ what there is

Result<Drafts::Source*> Drafts::source_of(const std::string& pack) {
    for (Source& source : sources_) {
        if (source.pack == pack && !pack.empty()) {
            return &source;
        }
    }
    return no_such_pack(pack);
}

Result<const Drafts::Source*> Drafts::source_of(const std::string& pack) const {
    for (const Source& source : sources_) {
        if (source.pack == pack && !pack.empty()) {
            return &source;
        }
    }
    return no_such_pack(pack);
}

DraftStatus Drafts::status_of(const Source& source) const {
    DraftStatus out;
    out.pack = source.pack;
    out.folder = source.folder.path();
    out.unreadable = source.unreadable;
    out.live = services_.catalog->live_revision(source.pack);
    const auto published = services_.catalog->pack(source.pack);
    if (source.draft) {
        out.title = source.draft->pack.title;
        out.findings = source.draft->findings;
        out.changes = compare(
            published ? published->files : PackFiles(), source.draft->pack.files, Texts::kWithout
        );
    } else if (published) {
        out.title = published->title;
    }
    return out;
}

std::vector<DraftStatus> Drafts::status() const {
    std::vector<DraftStatus> out;
    for (const Source& source : sources_) {
        out.push_back(status_of(source));
    }
    return out;
}

Result<DraftStatus> Drafts::status(const std::string& pack) const {
    TIDEWAY_TRY_ASSIGN(const Source* source, source_of(pack));
    return status_of(*source);
}

Result<std::vector<PackRevision>> Drafts::history(const std::string& pack) const {
    TIDEWAY_TRY_ASSIGN(auto revisions, services_.store->reader().revisions().history(pack));
    if (revisions.empty()) {
        TIDEWAY_TRY(source_of(pack));
    }
    return revisions;
}

Result<Drafts::Side> Drafts::side(const std::string& pack, const std::string& name) const {
    if (name == kDraftSide) {
        TIDEWAY_TRY_ASSIGN(const Source* source, source_of(pack));
        TIDEWAY_TRY_ASSIGN(auto files, source->folder.versioned_files());
        return Side{name, std::move(files)};
    }
    if (name == kPublishedSide) {
        const auto live = services_.catalog->live_revision(pack);
        if (!live) {
            return never_published(pack);
        }
        return side(pack, std::to_string(live->number));
    }
    int number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem != std::errc() || end != name.data() + name.size()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRevision",
            "'" + name + "' is no revision.",
            "Write draft, published, or a number of: tideway flows history " + pack
        );
    }
    TIDEWAY_TRY_ASSIGN(
        const auto revision, services_.store->reader().revisions().revision(pack, number)
    );
    if (!revision) {
        return fail(
            ErrorKind::kNotFound,
            "RevisionNotFound",
            "The pack '" + pack + "' has no revision " + name + ".",
            "List them with: tideway flows history " + pack
        );
    }
    TIDEWAY_TRY_ASSIGN(auto files, services_.store->reader().revisions().files(revision->id));
    return Side{"revision " + name, std::move(files)};
}

Result<PackDiff> Drafts::diff(
    const std::string& pack, const std::string& from, const std::string& to
) const {
    TIDEWAY_TRY_ASSIGN(const Side before, side(pack, from));
    TIDEWAY_TRY_ASSIGN(const Side after, side(pack, to));
    return PackDiff{before.name, after.name, compare(before.files, after.files, Texts::kWith)};
}

// ------------------------------------------------------------------ acts

// The folder as it is now, whatever was seen of it before.
Result<CheckedPack> Drafts::fresh_draft(const std::string& pack) {
    if (!source_of(pack)) {
        TIDEWAY_TRY(look());  // it may be there since the last look
    }
    TIDEWAY_TRY_ASSIGN(Source * source, source_of(pack));
    source->seen = source->folder.fingerprint();
    read(*source);
    if (source->unreadable) {
        return fail(*source->unreadable);
    }
    TIDEWAY_TRY(services_.catalog->put_draft(*source->draft));
    return *source->draft;
}

Result<PackRevision> Drafts::publish(const std::string& pack, Publication publication) {
    TIDEWAY_TRY(check_note(publication.note));
    TIDEWAY_TRY_ASSIGN(const CheckedPack draft, fresh_draft(pack));
    const auto live = services_.catalog->live_revision(pack);
    if (live && live->hash == model::files_hash(draft.pack.files)) {
        return fail(
            ErrorKind::kConflict,
            "NothingToPublish",
            "The draft of the pack '" + pack + "' is what is published, revision " +
                std::to_string(live->number) + "."
        );
    }
    publication.at = services_.clock->now();
    return services_.catalog->publish(draft, publication);
}

// Nothing that somebody wrote is lost: what is in no revision becomes one.
Result<std::optional<PackRevision>> Drafts::keep(
    const std::string& pack, const PackFiles& files, const Publication& publication
) {
    PackRevision revision;
    revision.pack = pack;
    revision.kind = RevisionKind::kKept;
    revision.hash = model::files_hash(files);
    TIDEWAY_TRY_ASSIGN(const auto known, services_.store->reader().revisions().history(pack));
    if (std::ranges::find(known, revision.hash, &PackRevision::hash) != known.end()) {
        return std::optional<PackRevision>();
    }
    revision.person = publication.person;
    revision.note = publication.note;
    revision.at = publication.at;
    TIDEWAY_TRY_ASSIGN(
        const auto outcomes,
        submit_blocking(*services_.store, {{store::PutRevision{revision, files, {}}}})
    );
    revision.id = outcomes.front().id;
    revision.number = static_cast<int>(outcomes.front().count);
    return std::optional(std::move(revision));
}

Result<Restored> Drafts::restore(
    const std::string& pack, int number, Publication publication, Then then
) {
    TIDEWAY_TRY(check_note(publication.note));
    TIDEWAY_TRY_ASSIGN(Source * source, source_of(pack));
    TIDEWAY_TRY_ASSIGN(const Side wanted, side(pack, std::to_string(number)));
    TIDEWAY_TRY_ASSIGN(const PackFiles present, source->folder.versioned_files());
    publication.at = services_.clock->now();
    const std::string instead = "replaced by " + wanted.name;
    Restored out;
    TIDEWAY_TRY_ASSIGN(
        out.kept,
        keep(pack, present, {publication.person, "The draft, " + instead + ".", publication.at})
    );
    TIDEWAY_TRY(source->folder.replace_all(wanted.files));
    TIDEWAY_TRY_ASSIGN(const CheckedPack draft, fresh_draft(pack));
    out.findings = draft.findings;
    if (then == Then::kPublish) {
        if (publication.note.empty()) {
            publication.note = "As " + wanted.name + " was.";
        }
        out.published = services_.catalog->live_revision(pack);
        if (!out.published || out.published->hash != model::files_hash(wanted.files)) {
            TIDEWAY_TRY_ASSIGN(out.published, services_.catalog->publish(draft, publication));
        }
    }
    return out;
}

Result<FlowEntry> Drafts::flow_of_draft(const std::string& flow, Publication publication) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry entry, services_.catalog->flow(flow));
    TIDEWAY_TRY_ASSIGN(const CheckedPack draft, fresh_draft(entry.row.pack));
    publication.at = services_.clock->now();
    return services_.catalog->keep_draft(draft, entry.row.name, publication);
}

}  // namespace tideway::runtime
