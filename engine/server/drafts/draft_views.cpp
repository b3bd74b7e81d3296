#include "engine/server/drafts/draft_views.h"

#include "engine/runtime/drafts/finding_json.h"

namespace tideway::server {

Json view(const model::PackRevision& revision) {
    return {
        {"pack", revision.pack},
        {"revision", revision.number},
        {"kind", model::to_string(revision.kind)},
        {"version", revision.pack_version},
        {"hash", revision.hash.substr(0, 12)},
        {"person", revision.person},
        {"note", revision.note},
        {"at", format_utc(revision.at)},
    };
}

Json view(const runtime::DraftStatus& status) {
    Json out = {
        {"pack", status.pack},
        {"title", status.title},
        {"folder", status.folder},
        {"published", status.live ? view(*status.live) : Json()},
        {"changes", Json::array()},
        {"findings", runtime::to_json(status.findings)},
    };
    for (const runtime::FileDiff& change : status.changes) {
        out["changes"].push_back({{"file", change.path}, {"change", to_string(change.change)}});
    }
    if (status.unreadable) {
        out["error"] = {
            {"code", status.unreadable->code},
            {"message", status.unreadable->message},
            {"remedy", status.unreadable->remedy}};
    }
    return out;
}

Json view(const runtime::PackDiff& diff) {
    Json out = {{"from", diff.from}, {"to", diff.to}, {"files", Json::array()}};
    for (const runtime::FileDiff& file : diff.files) {
        Json shown = {{"file", file.path}, {"change", to_string(file.change)}, {"diff", file.text}};
        for (const runtime::KeyChange& key : file.keys) {
            Json change = {{"key", key.key}};
            if (key.before) {
                change["before"] = *key.before;
            }
            if (key.after) {
                change["after"] = *key.after;
            }
            shown["keys"].push_back(std::move(change));
        }
        out["files"].push_back(std::move(shown));
    }
    return out;
}

Json view(const runtime::Restored& restored) {
    Json out = {{"findings", runtime::to_json(restored.findings)}};
    if (restored.kept) {
        out["kept"] = view(*restored.kept);
    }
    if (restored.published) {
        out["published"] = view(*restored.published);
    }
    return out;
}

Json view(const runtime::PackFile& file) {
    Json out = {{"file", file.path}};
    if (!file.etag.empty()) {
        out["etag"] = file.etag;
        out["bytes"] = file.bytes;
        out["modified"] = format_utc(file.modified);
    }
    return out;
}

Json view(const runtime::SavedFile& saved) {
    Json out = view(saved.file);
    out["findings"] = runtime::to_json(saved.findings);
    if (saved.published) {
        out["published"] = view(*saved.published);
    }
    return out;
}

}  // namespace tideway::server
