#include "engine/store/revisions/revision_reader.h"

#include "engine/store/payload_table.h"
#include "engine/store/sql_rows.h"

namespace tideway::store {
namespace {

// `rest`: from WHERE on.
std::string select_revisions(const char* rest) {
    return std::string(
               "SELECT id, pack, number, kind, hash, pack_version, person, note, at"
               " FROM revision "
           ) +
           rest;
}

Result<model::PackRevision> read_revision(SqlQuery& query) {
    model::PackRevision revision;
    revision.id = query.integer();
    revision.pack = query.text();
    revision.number = query.small_integer();
    revision.kind = model::parse_revision_kind(query.view()).value_or(model::RevisionKind::kTried);
    revision.hash = query.text();
    revision.pack_version = query.text();
    revision.person = query.text();
    revision.note = query.text();
    revision.at = query.timestamp();
    return revision;
}

}  // namespace

Result<std::vector<model::PackRevision>> SqlRevisionReader::history(const std::string& pack) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select_revisions("WHERE pack = $pack AND kind <> 'Tried' ORDER BY number DESC")
    );
    query.set("pack", pack);
    return read_all<model::PackRevision>(query, read_revision);
}

Result<std::optional<model::PackRevision>> SqlRevisionReader::revision(
    const std::string& pack, int number
) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(lease.driver(), select_revisions("WHERE pack = $pack AND number = $number"));
    query.set("pack", pack);
    query.set("number", number);
    return read_one<model::PackRevision>(query, read_revision);
}

Result<std::vector<model::PackRevision>> SqlRevisionReader::live() {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        select_revisions(
            "WHERE id IN (SELECT max(id) FROM revision WHERE kind = 'Published' GROUP BY pack)"
            " ORDER BY pack"
        )
    );
    return read_all<model::PackRevision>(query, read_revision);
}

Result<model::PackFiles> SqlRevisionReader::files(std::int64_t revision_id) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    PayloadTable payloads(lease.driver());
    SqlQuery query(
        lease.driver(),
        "SELECT path, payload_id FROM revision_file WHERE revision_id = $id ORDER BY path"
    );
    query.set("id", revision_id);
    model::PackFiles files;
    TIDEWAY_TRY_ASSIGN(bool found, query.step());
    while (found) {
        std::string path = query.text();
        TIDEWAY_TRY_ASSIGN(std::string text, payloads.bytes_of(query.integer()));
        files.emplace(std::move(path), std::move(text));
        TIDEWAY_TRY_ASSIGN(found, query.step());
    }
    return files;
}

Result<std::optional<model::VersionId>> SqlRevisionReader::version_of(
    std::int64_t revision_id, const std::string& flow
) {
    ReaderPool::Lease lease(pool_);
    TIDEWAY_TRY(lease.begin());
    SqlQuery query(
        lease.driver(),
        "SELECT version_id FROM revision_flow WHERE revision_id = $revision AND flow = $flow"
    );
    query.set("revision", revision_id);
    query.set("flow", flow);
    return read_one<model::VersionId>(query, [](SqlQuery& row) -> Result<model::VersionId> {
        return row.integer();
    });
}

}  // namespace tideway::store
