// Commands about what an environment consists of: flows and their versions, trigger state,
// connections, references, variables, tokens, settings, and the audit trail.
// Each checks everything that can be refused before it writes anything.
#pragma once

#include "engine/store/commands.h"
#include "engine/store/payload_table.h"
#include "engine/store/sql_driver.h"

namespace tideway::store {

// Subjects of table `retention`; the flow's id is 0 but for the first.
inline constexpr const char* kFlowRetention = "flow";
inline constexpr const char* kEnvironmentRetention = "environment";
inline constexpr const char* kLedgerRetention = "ledger";

// Thread: that of the driver; inside a write transaction. Everything is borrowed.
class CatalogCommands {
  public:
    CatalogCommands(SqlDriver& driver, PayloadTable& payloads)
        : driver_(driver),
          payloads_(payloads) {}

    Result<Outcome> apply(const PutFlow& command);
    Result<Outcome> apply(const PutVersion& command);
    Result<Outcome> apply(const SetFlowState& command);  // code "FlowNotFound"
    Result<Outcome> apply(const PutTriggerState& command);
    Result<Outcome> apply(const NoteTriggerFailing& command);
    Result<Outcome> apply(const MoveCursor& command);
    Result<Outcome> apply(const PutConnection& command);
    Result<Outcome> apply(const DeleteConnection& command);  // code "ConnectionNotFound"
    Result<Outcome> apply(const PutConnectionHealth& command);
    Result<Outcome> apply(const BindReference& command);
    Result<Outcome> apply(const PutVariable& command);
    Result<Outcome> apply(const PutToken& command);
    Result<Outcome> apply(const DeleteToken& command);  // code "TokenNotFound"
    Result<Outcome> apply(const SetMeta& command);
    Result<Outcome> apply(const SetRetention& command);
    Result<Outcome> apply(const AddAudit& command);

  private:
    Status insert_files(const model::FlowVersion& version, VersionId id);

    SqlDriver& driver_;
    PayloadTable& payloads_;
};

}  // namespace tideway::store
