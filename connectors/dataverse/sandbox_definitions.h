// What administrators change of the sandbox's tables while it runs: tables, columns, alternate
// keys. What was made stays in the state file. Thread: the sandbox's loop.
#pragma once

#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_callers.h"

namespace tideway::connectors::dataverse::sandbox {

// Rights that belong to no table: "prvCreateAttribute" ...
bool is_customizing(std::string_view privilege);

class Definitions {
  public:
    Definitions(Schema& schema, const Callers& callers)
        : schema_(schema),
          callers_(callers) {}

    // POST EntityDefinitions(LogicalName='opportunity')/Attributes, or /Keys; without a table: POST
    // EntityDefinitions or RelationshipDefinitions.
    Outcome<void> create(
        const std::string& table, const std::string& collection, const Json& body, const Caller& by
    );
    Outcome<void> publish(const Caller& by) const;

    // Takes away, or gives back, the table and the columns of the co-sell solution: an environment
    // where nobody has installed it.
    void set_solution(bool is_installed);
    void clear();

    // Whether something was made since the last question.
    bool take_change();

    Json save() const;
    void load(const Json& saved);

  private:
    struct Made {
        std::string table;
        std::string collection;
        Json body;
    };

    Outcome<void> check(const Caller& by, const char* privilege) const;
    Outcome<void> add(const Made& made);
    Outcome<void> add_table(const Made& made);
    Outcome<void> add_lookup(const Made& made);
    Outcome<void> add_column(const Made& made);
    Outcome<void> add_key(const Made& made);

    Schema& schema_;
    const Callers& callers_;
    bool has_solution_ = true;
    bool is_changed_ = false;
    std::vector<Made> made_;
};

}  // namespace tideway::connectors::dataverse::sandbox
