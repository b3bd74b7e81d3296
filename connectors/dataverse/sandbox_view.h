// Rows as the Web API shows them: selected columns, lookups as _x_value, annotations on request,
// expanded rows. Thread: the sandbox's loop.
#pragma once

#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_query.h"

namespace tideway::connectors::dataverse::sandbox {

// Which annotations a request asked for with Prefer: odata.include-annotations="...".
class Annotations {
  public:
    Annotations() = default;
    explicit Annotations(std::string_view wanted
    );  // "*", "OData.*", "-Microsoft.Dynamics.CRM.*", ...

    bool any() const { return !patterns_.empty(); }

    bool wants(std::string_view name) const;

  private:
    std::vector<std::string> patterns_;
};

inline constexpr std::string_view kFormattedValue = "OData.Community.Display.V1.FormattedValue";

std::string etag_of(const Row& row);

struct View {
    const Database& database;
    const Annotations& annotations;
    std::string root;  // "http://host/api/data/v9.2"

    // All columns that can be read, or the selected ones; always the key and the etag.
    Json row(const Query& query, const Row& row) const;

    // "<root>/$metadata#opportunities(name)" and "/$entity" behind it for one row.
    std::string context(const Query& query) const;

  private:
    void add_column(Json& out, const Table& table, const Column& column, const Row& row) const;
    void add_expanded(Json& out, const Expand& expand, const Table& table, const Row& row) const;
};

}  // namespace tideway::connectors::dataverse::sandbox
