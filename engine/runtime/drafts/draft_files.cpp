// Drafts: the files of a pack one by one, for those who edit them through the API.
#include <utility>

#include "engine/runtime/drafts/drafts.h"
#include "engine/runtime/drafts/pack_findings.h"

namespace tideway::runtime {

Result<std::vector<PackFile>> Drafts::files(const std::string& pack) const {
    TIDEWAY_TRY_ASSIGN(const Source* source, source_of(pack));
    return source->folder.files();
}

Result<std::string> Drafts::text(const std::string& pack, const std::string& file) const {
    TIDEWAY_TRY_ASSIGN(const Source* source, source_of(pack));
    return source->folder.text(file);
}

// Somebody else may have saved the file since it was read, here or in the folder.
Status Drafts::check_condition(
    const Source& source, const std::string& file, const FileCondition& condition
) const {
    const auto present = source.folder.describe(file);
    if (!present && present.error().code != "PackFileNotFound") {
        return fail(present.error());
    }
    const bool is_met =
        condition.is_new ? !present : present.has_value() && present->etag == condition.etag;
    if (is_met) {
        return {};
    }
    Json details = {{"expected", condition.is_new ? Json() : Json(condition.etag)}};
    Error error;
    error.kind = ErrorKind::kConflict;
    error.code = "FileChanged";
    if (present) {
        Json& current = details["current"];
        current = {
            {"etag", present->etag},
            {"bytes", present->bytes},
            {"modified", format_utc(present->modified)}};
        const auto last = last_saves_.find({source.pack, file});
        if (last != last_saves_.end() && last->second.etag == present->etag) {
            current["saved_by"] = last->second.person;
        }
        error.message = "The file '" + file + "' of the pack '" + source.pack +
                        "' was saved meanwhile, at " + format_utc(present->modified) + ".";
    } else {
        details["current"] = nullptr;
        error.message = "The file '" + file + "' of the pack '" + source.pack + "' is gone.";
    }
    error.remedy = "Read it again, put your change into it, and save with its new ETag.";
    error.details = dump(details);
    return fail(std::move(error));
}

Result<SavedFile> Drafts::save(
    const std::string& pack,
    const std::string& file,
    std::string_view text,
    const FileCondition& condition,
    const std::string& person
) {
    TIDEWAY_TRY_ASSIGN(Source * source, source_of(pack));
    TIDEWAY_TRY(check_condition(*source, file, condition));
    TIDEWAY_TRY(source->folder.write(file, text));
    last_saves_[{pack, file}] = {etag_of(text), person};
    return saved(*source, file, person);
}

Result<SavedFile> Drafts::remove(
    const std::string& pack,
    const std::string& file,
    const FileCondition& condition,
    const std::string& person
) {
    TIDEWAY_TRY_ASSIGN(Source * source, source_of(pack));
    TIDEWAY_TRY(check_condition(*source, file, condition));
    TIDEWAY_TRY(source->folder.remove(file));
    last_saves_.erase({pack, file});
    return saved(*source, file, person);
}

// Checked at once, and published where the environment says so.
Result<SavedFile> Drafts::saved(
    Source& source, const std::string& file, const std::string& person
) {
    source.seen = source.folder.fingerprint();
    Publication publication = by_itself("Saved " + file + ".");
    publication.person = person;
    SavedFile out;
    TIDEWAY_TRY_ASSIGN(out.published, take_up(source, publication));
    out.file.path = file;
    if (auto present = source.folder.describe(file)) {
        out.file = std::move(*present);
    }
    if (source.draft) {
        out.findings = source.draft->findings;
    } else {
        out.findings.push_back(finding_of(*source.unreadable, "pack.json"));
    }
    return out;
}

}  // namespace tideway::runtime
