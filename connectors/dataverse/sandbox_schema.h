// The tables of the Dataverse sandbox: columns, choices, lookups, relationships, alternate keys.
// Thread: built once, then any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace tideway::connectors::dataverse::sandbox {

enum class ColumnType {
    kKey,      // the primary key, a guid
    kGuid,     // any other guid
    kText,     // one line
    kMemo,     // many lines
    kInteger,  // 32 bits
    kBigInt,   // 64 bits
    kDecimal,
    kDouble,
    kMoney,  // rounded to the row's currency
    kBoolean,
    kDate,      // "2026-02-03"
    kDateTime,  // "2026-02-03T10:11:12Z"
    kChoice,
    kState,
    kStatus,
    kLookup,
};

struct Choice {
    int value = 0;
    std::string label;
    int state = -1;  // of a status reason: the state it belongs to
};

struct LookupTarget {
    std::string table;       // logical name
    std::string navigation;  // the property with which it is written and expanded
    std::string collection;  // the property on the target table that holds these rows
};

enum class Required { kNo, kApplication, kSystem };
enum class Access { kWrite, kRead, kWriteOnly };

struct Column {
    std::string name;
    std::string label;
    ColumnType type = ColumnType::kText;
    std::size_t max_length = 0;  // characters; 0: not text
    Required required = Required::kNo;
    Access access = Access::kWrite;
    std::vector<Choice> choices;
    std::vector<LookupTarget> targets;
    Json initial;  // value of a new row; null: none
    double least = -1e11;
    double most = 1e11;
    bool editable_when_closed = false;

    // "_parentaccountid_value" for a lookup, else the name.
    std::string property() const;
    const LookupTarget* target(std::string_view table) const;
};

struct AlternateKey {
    std::string name;
    std::string label;
    std::vector<std::string> columns;
};

// One-to-many, seen from the "one" side.
struct Collection {
    std::string name;    // "opportunity_parent_account"
    std::string table;   // of the rows in it
    std::string column;  // their lookup
};

struct Table {
    std::string name;  // logical
    std::string set;
    std::string label;
    std::string key;
    std::string primary_name;
    std::string privileged_as;  // its name in privileges: "Opportunity" of prvReadOpportunity
    int type_code = 0;
    std::vector<Column> columns;
    std::vector<AlternateKey> keys;
    std::vector<Collection> collections;
    bool change_tracking = false;
    bool owned = false;  // by a user, not by the organisation

    const Column* column(std::string_view column_name) const;
    // By OData property: "_x_value" finds lookup x; a lookup's own name finds nothing.
    const Column* by_property(std::string_view property) const;

    // The lookup column and target behind a single-valued navigation property.
    struct Navigation {
        const Column* column = nullptr;
        const LookupTarget* target = nullptr;
    };

    std::optional<Navigation> navigation(std::string_view property) const;
    const Collection* collection(std::string_view property) const;
};

class Schema {
  public:
    explicit Schema(std::vector<Table> tables);

    const Table* by_set(std::string_view set) const;
    const Table* by_name(std::string_view name) const;

    const std::vector<Table>& tables() const { return tables_; }

    // What points to tables or columns points to nothing after each of these.
    void add_table(Table table);
    // The table must be there, and what the column points to.
    void add_column(std::string_view table, Column column);
    void add_key(std::string_view table, AlternateKey key);
    // Tables, and columns of any table, by name, and what they are part of.
    void remove(bool (*is_wanted)(const std::string& name));

  private:
    Table& named(std::string_view table);
    void link(std::string_view child, const Column& column);

    std::vector<Table> tables_;
};

// Dynamics 365 Sales as far as co-sell flows see it, with the co-sell solution's columns.
Schema sales_schema();

std::string_view edm_type(ColumnType type);        // "Edm.String"
std::string_view attribute_type(ColumnType type);  // "Picklist"

}  // namespace tideway::connectors::dataverse::sandbox
