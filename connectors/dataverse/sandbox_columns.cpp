#include "connectors/dataverse/sandbox_columns.h"

namespace tideway::connectors::dataverse::sandbox {

// A column with the usual bounds of its type.
Column column(std::string name, std::string label, ColumnType type) {
    Column out;
    out.name = std::move(name);
    out.label = std::move(label);
    out.type = type;
    if (type == ColumnType::kInteger) {
        out.least = -2147483648.0;
        out.most = 2147483647.0;
    } else if (type == ColumnType::kMoney) {
        out.least = -922337203685477.0;
        out.most = 922337203685477.0;
    }
    return out;
}

Column text(std::string name, std::string label, std::size_t length) {
    Column out = column(std::move(name), std::move(label), ColumnType::kText);
    out.max_length = length;
    return out;
}

Column memo(std::string name, std::string label, std::size_t length) {
    Column out = text(std::move(name), std::move(label), length);
    out.type = ColumnType::kMemo;
    return out;
}

Column needed(Column out, Required level) {
    out.required = level;
    return out;
}

Column read_only(Column out) {
    out.access = Access::kRead;
    return out;
}

Column when_closed(Column out) {
    out.editable_when_closed = true;
    return out;
}

Column with_initial(Column out, Json value) {
    out.initial = std::move(value);
    return out;
}

Column positive(Column out) {
    out.least = 0;
    return out;
}

Column boolean(std::string name, std::string label, bool initial) {
    Column out = column(std::move(name), std::move(label), ColumnType::kBoolean);
    out.choices = {{0, "No"}, {1, "Yes"}};
    out.initial = initial;
    return out;
}

Column choice(std::string name, std::string label, std::vector<Choice> choices) {
    Column out = column(std::move(name), std::move(label), ColumnType::kChoice);
    out.choices = std::move(choices);
    return out;
}

Column state(std::vector<Choice> states) {
    Column out = choice("statecode", "Status", std::move(states));
    out.type = ColumnType::kState;
    out.editable_when_closed = true;
    out.initial = out.choices.front().value;
    return out;
}

Column status(std::vector<Choice> reasons) {
    Column out = choice("statuscode", "Status Reason", std::move(reasons));
    out.type = ColumnType::kStatus;
    out.editable_when_closed = true;
    out.initial = out.choices.front().value;
    return out;
}

Column lookup(std::string name, std::string label, std::vector<LookupTarget> targets) {
    Column out = column(std::move(name), std::move(label), ColumnType::kLookup);
    out.targets = std::move(targets);
    return out;
}

Column customer(std::string name, std::string label, const std::string& collection) {
    const std::string account = name + "_account";
    const std::string contact = name + "_contact";
    const bool contacts_own = collection == "contact_customer";
    return lookup(
        std::move(name),
        std::move(label),
        {{"account", account, collection + "_accounts"},
         {"contact",
          contact,
          contacts_own ? "contact_customer_contacts" : collection + "_contacts"}}
    );
}

void append(Table& table, std::vector<Column> columns) {
    for (Column& each : columns) {
        table.columns.push_back(std::move(each));
    }
}

Table begin_table(std::string name, std::string set, std::string label, int type_code) {
    Table out;
    out.key = name + "id";
    out.name = std::move(name);
    out.set = std::move(set);
    out.label = std::move(label);
    out.privileged_as = out.label;
    std::erase(out.privileged_as, ' ');
    out.type_code = type_code;
    out.columns.push_back(column(out.key, out.label, ColumnType::kKey));
    return out;
}

// What every row carries; last, so that a table's own columns come first.
void append_system_columns(Table& table) {
    append(
        table,
        {read_only(column("createdon", "Created On", ColumnType::kDateTime)),
         read_only(column("modifiedon", "Modified On", ColumnType::kDateTime)),
         read_only(lookup("createdby", "Created By", {{"systemuser", "createdby", ""}})),
         read_only(lookup("modifiedby", "Modified By", {{"systemuser", "modifiedby", ""}})),
         read_only(column("versionnumber", "Version Number", ColumnType::kBigInt))}
    );
    if (table.owned) {
        append(
            table,
            {when_closed(
                 lookup("ownerid", "Owner", {{"systemuser", "ownerid", "user_" + table.set}})
             ),
             read_only(lookup("owninguser", "Owning User", {{"systemuser", "owninguser", ""}})),
             read_only(column("owningbusinessunit", "Owning Business Unit", ColumnType::kGuid))}
        );
    }
}

void append_currency(Table& table) {
    append(
        table,
        {lookup(
             "transactioncurrencyid",
             "Currency",
             {{"transactioncurrency", "transactioncurrencyid", "transactioncurrency_" + table.name}}
         ),
         read_only(column("exchangerate", "Exchange Rate", ColumnType::kDecimal))}
    );
}

// A money column and its value in the organisation's currency.
void append_money(Table& table, const std::string& name, const std::string& label) {
    append(
        table,
        {column(name, label, ColumnType::kMoney),
         read_only(column(name + "_base", label + " (Base)", ColumnType::kMoney))}
    );
}

void append_address(Table& table) {
    append(
        table,
        {text("address1_line1", "Street 1", 250),
         text("address1_line2", "Street 2", 250),
         text("address1_city", "City", 80),
         text("address1_stateorprovince", "State/Province", 50),
         text("address1_postalcode", "ZIP/Postal Code", 20),
         text("address1_country", "Country/Region", 80)}
    );
}

std::vector<Choice> active_states() {
    return {{0, "Active"}, {1, "Inactive"}};
}

std::vector<Choice> active_reasons() {
    return {{1, "Active", 0}, {2, "Inactive", 1}};
}

}  // namespace tideway::connectors::dataverse::sandbox
