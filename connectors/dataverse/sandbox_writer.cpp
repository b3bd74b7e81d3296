#include "connectors/dataverse/sandbox_writer.h"

#include <algorithm>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"
#include "engine/base/assert.h"
#include "engine/base/uid.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::string_view kBind = "@odata.bind";

bool goes_with_its_parent(std::string_view table) {
    return table == "opportunityclose" || table == "environmentvariablevalue";
}

// The column that the published duplicate rule of a table compares.
std::string_view duplicate_column(const Table& table) {
    if (table.name == "account") {
        return "name";
    }
    return table.name == "contact" || table.name == "lead" ? "emailaddress1" : "";
}

bool is_empty(const Row& row, const std::string& column) {
    const Json* value = tideway::find(row, column);
    return value == nullptr || value->is_null();
}

// What has another value now, without what every save stamps.
std::set<std::string> changed_columns(const Row& before, const Row& after) {
    std::set<std::string> out;
    for (const Row* one : {&before, &after}) {
        const Row& other = one == &before ? after : before;
        for (const auto& [column, value] : one->items()) {
            const Json* there = tideway::find(other, column);
            if (there == nullptr || *there != value) {
                out.insert(column);
            }
        }
    }
    for (const char* stamp : {"modifiedon", "modifiedby", "versionnumber"}) {
        out.erase(stamp);
    }
    return out;
}

void merge(Row& row, const Changes& changes) {
    for (const auto& [column, value] : changes.values) {
        if (value.is_null()) {
            row.erase(column);
        } else {
            row[column] = value;
        }
    }
}

}  // namespace

Outcome<Changes> Writer::read_changes(const Save& save) {
    if (!save.body.is_object()) {
        return bad_payload("The body must be a JSON object.");
    }
    Changes out;
    for (const auto& [name, value] : save.body.items()) {
        const std::size_t at = name.find('@');
        if (at == std::string::npos) {
            TIDEWAY_DV_TRY(read_property(save, name, value, out));
        } else if (at > 0 && name.substr(at) == kBind) {
            TIDEWAY_DV_TRY(read_binding(save, name.substr(0, at), value, out));
        }
    }
    return out;
}

Outcome<void> Writer::read_property(
    const Save& save, const std::string& name, const Json& value, Changes& out
) {
    const Column* column = save.table.column(name);
    if (column != nullptr && column->type != ColumnType::kLookup) {
        if (column->access == Access::kRead && save.origin == SaveOrigin::kRequest) {
            return {};  // the service ignores them
        }
        auto stored = read_value(save.table, *column, value);
        if (!stored) {
            return tl::unexpected<ServiceError>(stored.error());
        }
        out.values[name] = std::move(*stored);
        out.columns.insert(name);
        return {};
    }
    if (save.table.navigation(name)) {
        return read_nested(save, name, value, out);
    }
    if (const Collection* children = save.table.collection(name); children != nullptr) {
        if (!value.is_array()) {
            return bad_payload("'" + name + "' must be an array.");
        }
        for (const Json& child : value) {
            out.children.emplace_back(children, child);
        }
        return {};
    }
    if (save.table.by_property(name) != nullptr) {
        return bad_payload(
            "'" + name + "' cannot be written: use the navigation property with @odata.bind."
        );
    }
    return bad_payload(
        "Invalid property '" + name + "' was found in entity 'Microsoft.Dynamics.CRM." +
        save.table.name + "'."
    );
}

Outcome<void> Writer::read_binding(
    const Save& save, const std::string& navigation, const Json& value, Changes& out
) {
    const auto found = save.table.navigation(navigation);
    if (!found) {
        return bad_payload(
            "An undeclared property '" + navigation +
            "' which only has property annotations was found. Names of navigation properties are "
            "case-sensitive."
        );
    }
    const Column& column = *found->column;
    if (column.access == Access::kRead && save.origin == SaveOrigin::kRequest) {
        return {};
    }
    out.columns.insert(column.name);
    if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty())) {
        out.values[column.name] = nullptr;
        return {};
    }
    if (!value.is_string()) {
        return bad_payload("'" + navigation + "@odata.bind' takes the address of a row.");
    }
    auto to = ReferenceReader{database_, save.content_ids}.read(value.get<std::string>());
    if (!to) {
        return tl::unexpected<ServiceError>(to.error());
    }
    if (to->table != found->target->table) {
        return bad_payload(
            "'" + navigation + "' refers to " + found->target->table + ", not to " + to->table + "."
        );
    }
    TIDEWAY_DV_TRY(check_binding(save, column, *to));
    out.values[column.name] = make_reference(to->table, to->id);
    return {};
}

// An owner is assigned; any other row is appended to the one that it refers to.
Outcome<void> Writer::check_binding(const Save& save, const Column& column, const Reference& to)
    const {
    if (column.name == "ownerid") {
        if (to.id == save.caller.user_id) {
            return {};
        }
        TIDEWAY_DV_TRY(callers_.check(save.caller, Privilege::kAssign, save.table));
        return callers_.check_owner(to.id, save.table);
    }
    TIDEWAY_DV_TRY(callers_.check(save.caller, Privilege::kAppend, save.table));
    return callers_.check(save.caller, Privilege::kAppendTo, *database_.schema().by_name(to.table));
}

// A row inside a row: created first, then referred to.
Outcome<void> Writer::read_nested(
    const Save& save, const std::string& navigation, const Json& value, Changes& out
) {
    const auto found = save.table.navigation(navigation);
    out.columns.insert(found->column->name);
    if (value.is_null()) {
        out.values[found->column->name] = nullptr;
        return {};
    }
    if (!value.is_object()) {
        return bad_payload(
            "A value was found for the navigation property '" + navigation + "'; use '" +
            navigation + "@odata.bind' with the address of a row."
        );
    }
    const Table& target = *database_.schema().by_name(found->target->table);
    auto id = create({target, value, save.caller, save.content_ids});
    if (!id) {
        return tl::unexpected<ServiceError>(id.error());
    }
    out.values[found->column->name] = make_reference(target.name, *id);
    return {};
}

void Writer::stamp(Row& row, const Caller& caller, const char* by, const char* on) const {
    row[by] = make_reference("systemuser", caller.user_id);
    row[on] = print_time(clock_.now());
}

Row Writer::initial_row(const Save& save, const RowKey* key) const {
    Row row = Json::object();
    for (const Column& column : save.table.columns) {
        if (!column.initial.is_null()) {
            row[column.name] = column.initial;
        }
    }
    row[save.table.key] = Uid::random().guid();
    stamp(row, save.caller, "createdby", "createdon");
    if (save.table.owned) {
        row["ownerid"] = make_reference("systemuser", save.caller.user_id);
    }
    if (key != nullptr && key->alternate == nullptr) {
        row[save.table.key] = key->id;
    }
    if (key != nullptr && key->alternate != nullptr) {
        for (std::size_t i = 0; i < key->values.size(); ++i) {
            row[key->alternate->columns[i]] = key->values[i];
        }
    }
    return row;
}

Outcome<std::string> Writer::create(const Save& save, const RowKey* key) {
    TIDEWAY_DV_TRY(callers_.check(save.caller, Privilege::kCreate, save.table));
    auto changes = read_changes(save);
    if (!changes) {
        return tl::unexpected<ServiceError>(changes.error());
    }
    Row row = initial_row(save, key);
    const Json id_of_key = row[save.table.key];
    merge(row, *changes);
    if (is_empty(row, save.table.key) || (key != nullptr && key->alternate == nullptr)) {
        row[save.table.key] = id_of_key;
    }
    stamp(row, save.caller, "modifiedby", "modifiedon");
    const RuleInput rules{
        database_, save.table, nullptr, changes->columns, save.origin, clock_.now()};
    TIDEWAY_DV_TRY(apply_rules(rules, row));
    TIDEWAY_DV_TRY(check_required(save.table, row));
    TIDEWAY_DV_TRY(check_duplicates(save, row));
    const std::string id = string_or(row, save.table.key);
    TIDEWAY_DV_TRY(database_.insert(save.table, row));
    database_.note(
        {ChangeKind::kCreate,
         &save.table,
         id,
         changes->columns,
         save.caller.user_id,
         *database_.find(save.table.name, id),
         {}}
    );
    TIDEWAY_DV_TRY(create_children(save, *changes, id));
    return id;
}

Outcome<void> Writer::create_children(
    const Save& save, const Changes& changes, const std::string& id
) {
    for (const auto& [collection, body] : changes.children) {
        const Table& table = *database_.schema().by_name(collection->table);
        const LookupTarget* target = table.column(collection->column)->target(save.table.name);
        Json child = body;
        if (!child.is_object() || target == nullptr) {
            return bad_payload("The rows in '" + collection->name + "' must be objects.");
        }
        child[target->navigation + std::string(kBind)] = "/" + save.table.set + "(" + id + ")";
        const auto made = create({table, child, save.caller, save.content_ids});
        if (!made) {
            return tl::unexpected<ServiceError>(made.error());
        }
    }
    return {};
}

Outcome<void> Writer::update(const Save& save, const std::string& id) {
    TIDEWAY_DV_TRY(callers_.check(save.caller, Privilege::kWrite, save.table));
    if (database_.find(save.table.name, id) == nullptr) {
        return no_such_row(save.table.name, id);
    }
    auto changes = read_changes(save);
    if (!changes) {
        return tl::unexpected<ServiceError>(changes.error());
    }
    changes->values.erase(save.table.key);
    const Row before = *database_.find(save.table.name, id);
    Row row = before;
    merge(row, *changes);
    stamp(row, save.caller, "modifiedby", "modifiedon");
    const RuleInput rules{
        database_, save.table, &before, changes->columns, save.origin, clock_.now()};
    TIDEWAY_DV_TRY(apply_rules(rules, row));
    TIDEWAY_DV_TRY(check_required(save.table, row));
    TIDEWAY_DV_TRY(database_.replace(save.table, row));
    const Row& saved = *database_.find(save.table.name, id);
    database_.note(
        {ChangeKind::kUpdate,
         &save.table,
         id,
         changes->columns,
         save.caller.user_id,
         saved,
         changed_columns(before, saved)}
    );
    return create_children(save, *changes, id);
}

Outcome<void> Writer::remove(const Table& table, const std::string& id, const Caller& caller) {
    TIDEWAY_DV_TRY(callers_.check(caller, Privilege::kDelete, table));
    const Row* row = database_.find(table.name, id);
    if (row == nullptr) {
        return no_such_row(table.name, id);
    }
    if (table.name == "systemuser" || table.name == "transactioncurrency") {
        return refuse(
            400,
            "0x80040800",
            "The 'Delete' method does not support entities of type '" + table.name + "'."
        );
    }
    database_.note({ChangeKind::kDelete, &table, id, {}, caller.user_id, *row, {}});
    release_children(table, id);
    database_.erase(table, id);
    return {};
}

// Rows that refer to a deleted one lose the reference, or go with it.
void Writer::release_children(const Table& table, const std::string& id) {
    for (const Collection& collection : table.collections) {
        const Table& child_table = *database_.schema().by_name(collection.table);
        std::vector<Row> referring;
        for (const auto& [child_id, child] : database_.rows(collection.table)) {
            const Reference to = reference_of(child, collection.column);
            if (to.table == table.name && to.id == id) {
                referring.push_back(child);
            }
        }
        for (Row& child : referring) {
            if (goes_with_its_parent(child_table.name)) {
                database_.erase(child_table, string_or(child, child_table.key));
                continue;
            }
            child.erase(collection.column);
            const auto replaced = database_.replace(child_table, child);
            TIDEWAY_ASSERT(replaced.has_value());
        }
    }
}

Outcome<void> Writer::check_required(const Table& table, const Row& row) const {
    for (const Column& column : table.columns) {
        const bool needed = column.required == Required::kSystem ||
                            (column.required == Required::kApplication && application_required_);
        if (needed && is_empty(row, column.name)) {
            return refuse(
                400,
                codes::kInvalidArgument,
                "Attribute '" + column.name + "' of entity '" + table.name +
                    "' is required and cannot be null."
            );
        }
    }
    return {};
}

Outcome<void> Writer::check_duplicates(const Save& save, const Row& row) const {
    const std::string column(duplicate_column(save.table));
    if (save.detection == DuplicateDetection::kOff || column.empty() || is_empty(row, column)) {
        return {};
    }
    for (const auto& [id, other] : database_.rows(save.table.name)) {
        if (!is_empty(other, column) &&
            compare_values(Value(string_or(other, column)), Value(string_or(row, column))) == 0) {
            return refuse(
                412,
                codes::kDuplicateFound,
                "A record was not created or updated because a duplicate of the current record "
                "already exists."
            );
        }
    }
    return {};
}

}  // namespace tideway::connectors::dataverse::sandbox
