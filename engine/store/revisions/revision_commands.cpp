#include "engine/store/revisions/revision_commands.h"

#include "engine/store/sql_query.h"

namespace tideway::store {

Result<Outcome> RevisionCommands::apply(const PutRevision& command) {
    for (const PutRevision::Flow& flow : command.flows) {
        if (flow.version.hash.empty()) {
            return fail(
                ErrorKind::kInvalidInput, "VersionHashMissing", "A flow version needs a hash."
            );
        }
    }
    TIDEWAY_TRY_ASSIGN(Outcome out, insert(command.revision));
    TIDEWAY_TRY(insert_files(command.files, out.id));
    for (const PutRevision::Flow& flow : command.flows) {
        TIDEWAY_TRY(insert_flow(flow, out.id, command.revision.kind));
    }
    return out;
}

Result<Outcome> RevisionCommands::insert(const model::PackRevision& revision) {
    SqlQuery query(
        driver_,
        "INSERT INTO revision(pack, number, kind, hash, pack_version, person, note, at)"
        " SELECT $pack, coalesce(max(number), 0) + 1, $kind, $hash, $version, $person, $note, $at"
        " FROM revision WHERE pack = $pack RETURNING id, number"
    );
    query.set("pack", revision.pack);
    query.set("kind", model::to_string(revision.kind));
    query.set("hash", revision.hash);
    query.set("version", revision.pack_version);
    query.set("person", revision.person);
    query.set("note", revision.note);
    query.set("at", revision.at);
    TIDEWAY_TRY(query.step());
    Outcome out;
    out.id = query.integer();
    out.count = query.integer();
    return out;
}

Status RevisionCommands::insert_files(const model::PackFiles& files, std::int64_t revision_id) {
    for (const auto& [path, text] : files) {
        TIDEWAY_TRY_ASSIGN(
            const std::int64_t payload, payloads_.keep(text, {"revision", revision_id})
        );
        SqlQuery query(
            driver_,
            "INSERT INTO revision_file(revision_id, path, payload_id)"
            " VALUES ($revision, $path, $payload)"
        );
        query.set("revision", revision_id);
        query.set("path", path);
        query.set("payload", payload);
        TIDEWAY_TRY(query.run());
    }
    return {};
}

// A version that is known calls the same child flows: its hash covers them. A revision that was
// only tried may go, so that one that stays takes its place.
Status RevisionCommands::say_where_from(VersionId version, std::int64_t revision_id) {
    SqlQuery query(
        driver_,
        "UPDATE version SET revision_id = $revision WHERE id = $id AND (revision_id = 0"
        " OR revision_id IN (SELECT id FROM revision WHERE kind = 'Tried'))"
    );
    query.set("revision", revision_id);
    query.set("id", version);
    return query.run();
}

Status RevisionCommands::insert_flow(
    const PutRevision::Flow& flow, std::int64_t revision_id, model::RevisionKind kind
) {
    TIDEWAY_TRY_ASSIGN(const Outcome version, catalog_.apply(PutVersion{flow.version}));
    TIDEWAY_TRY(say_where_from(version.id, revision_id));
    SqlQuery query(
        driver_,
        "INSERT INTO revision_flow(revision_id, flow, version_id)"
        " VALUES ($revision, $flow, $version)"
    );
    query.set("revision", revision_id);
    query.set("flow", flow.version.flow);
    query.set("version", version.id);
    TIDEWAY_TRY(query.run());
    if (kind != model::RevisionKind::kPublished) {
        return {};
    }
    TIDEWAY_TRY(catalog_.apply(PutFlow{flow.version.pack, flow.version.flow, flow.title, version.id}
    ));
    return {};
}

}  // namespace tideway::store
