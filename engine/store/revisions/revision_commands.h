// The command of revisions.h.
#pragma once

#include "engine/store/catalog_commands.h"
#include "engine/store/commands.h"
#include "engine/store/payload_table.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class RevisionCommands {
  public:
    RevisionCommands(SqlDriver& driver, PayloadTable& payloads, CatalogCommands& catalog)
        : driver_(driver),
          payloads_(payloads),
          catalog_(catalog) {}

    // Outcome: id and, as count, number of the revision.
    Result<Outcome> apply(const PutRevision& command);

  private:
    Result<Outcome> insert(const model::PackRevision& revision);
    Status insert_files(const model::PackFiles& files, std::int64_t revision_id);
    Status say_where_from(VersionId version, std::int64_t revision_id);
    Status insert_flow(
        const PutRevision::Flow& flow, std::int64_t revision_id, model::RevisionKind kind
    );

    SqlDriver& driver_;
    PayloadTable& payloads_;
    CatalogCommands& catalog_;
};

}  // namespace tideway::store
