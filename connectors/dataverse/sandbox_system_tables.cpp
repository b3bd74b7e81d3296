// Users, currencies, callback registrations, closing activities, environment variables,
// connections.
#include "connectors/dataverse/sandbox_columns.h"

namespace tideway::connectors::dataverse::sandbox {

Table system_user() {
    Table out = begin_table("systemuser", "systemusers", "User", 8);
    out.primary_name = "fullname";
    out.change_tracking = true;
    append(
        out,
        {needed(text("firstname", "First Name", 256)),
         needed(text("lastname", "Last Name", 256)),
         read_only(text("fullname", "Full Name", 200)),
         text("domainname", "User Name", 1024),
         text("internalemailaddress", "Primary Email", 100),
         text("mobilephone", "Mobile Phone", 64),
         text("address1_telephone1", "Main Phone", 64),
         text("title", "Title", 128),
         boolean("isdisabled", "Status", false),
         column("applicationid", "Application ID", ColumnType::kGuid),
         column("azureactivedirectoryobjectid", "Azure AD Object ID", ColumnType::kGuid),
         read_only(column("businessunitid", "Business Unit", ColumnType::kGuid))}
    );
    append_system_columns(out);
    return out;
}

Table currency() {
    Table out = begin_table("transactioncurrency", "transactioncurrencies", "Currency", 9105);
    out.primary_name = "currencyname";
    out.privileged_as = "TransactionCurrency";
    out.change_tracking = true;
    Column precision = with_initial(
        positive(column("currencyprecision", "Currency Precision", ColumnType::kInteger)), 2
    );
    precision.most = 4;
    append(
        out,
        {needed(text("isocurrencycode", "Currency Code", 5), Required::kSystem),
         needed(text("currencyname", "Currency Name", 100), Required::kSystem),
         text("currencysymbol", "Currency Symbol", 10),
         precision,
         needed(
             positive(column("exchangerate", "Exchange Rate", ColumnType::kDecimal)),
             Required::kSystem
         ),
         state(active_states()),
         status(active_reasons())}
    );
    append_system_columns(out);
    return out;
}

Table callback_registration() {
    Table out =
        begin_table("callbackregistration", "callbackregistrations", "Callback Registration", 301);
    out.primary_name = "name";
    out.owned = true;
    Column url = needed(text("url", "Url", 2000), Required::kSystem);
    url.access = Access::kWriteOnly;
    Column version = column("version", "Version", ColumnType::kInteger);
    version.least = 1;
    version.most = 3;
    version.initial = 1;
    append(
        out,
        {text("name", "Name", 200),
         url,
         needed(text("entityname", "Entity Name", 100), Required::kSystem),
         needed(
             choice(
                 "message",
                 "Message",
                 {{1, "Added"},
                  {2, "Deleted"},
                  {3, "Modified"},
                  {4, "Added or Modified"},
                  {5, "Added or Deleted"},
                  {6, "Modified or Deleted"},
                  {7, "Added or Modified or Deleted"}}
             ),
             Required::kSystem
         ),
         needed(
             choice(
                 "scope",
                 "Scope",
                 {{1, "User"},
                  {2, "Business Unit"},
                  {3, "Parent: Child Business Unit"},
                  {4, "Organization"}}
             ),
             Required::kSystem
         ),
         with_initial(
             choice(
                 "runas", "Run As", {{1, "Modifying user"}, {2, "Row owner"}, {3, "Flow owner"}}
             ),
             3
         ),
         version,
         memo("filteringattributes", "Filtering Attributes", 4000),
         memo("filterexpression", "Filter Expression", 4000),
         text("postponeuntil", "Postpone Until", 100),
         text("sdkmessagename", "Sdk Message Name", 100),
         choice("softdeletestatus", "Soft Delete Status", {{0, "Not deleted"}, {1, "Deleted"}})}
    );
    append_system_columns(out);
    return out;
}

Table opportunity_close() {
    Table out = begin_table("opportunityclose", "opportunitycloses", "Opportunity Close", 4208);
    out.key = "activityid";
    out.columns.front().name = "activityid";
    out.primary_name = "subject";
    out.privileged_as = "Activity";
    out.owned = true;
    append(
        out,
        {needed(text("subject", "Subject", 200)),
         memo("description", "Description", 2000),
         column("actualend", "Actual End", ColumnType::kDateTime),
         read_only(choice("opportunitystatecode", "Status", {{0, "Open"}, {1, "Won"}, {2, "Lost"}})
         ),
         choice(
             "opportunitystatuscode",
             "Status Reason",
             {{3, "Won"}, {4, "Canceled"}, {5, "Out-Sold"}}
         ),
         lookup(
             "opportunityid",
             "Opportunity",
             {{"opportunity", "opportunityid", "Opportunity_OpportunityClose"}}
         ),
         state({{0, "Open"}, {1, "Completed"}, {2, "Canceled"}}),
         status({{1, "Open", 0}, {2, "Completed", 1}, {3, "Canceled", 2}})}
    );
    append_money(out, "actualrevenue", "Actual Revenue");
    append_currency(out);
    append_system_columns(out);
    return out;
}

Table variable_definition() {
    Table out = begin_table(
        "environmentvariabledefinition",
        "environmentvariabledefinitions",
        "Environment Variable Definition",
        380
    );
    out.primary_name = "schemaname";
    out.owned = true;
    append(
        out,
        {needed(text("schemaname", "Schema Name", 100), Required::kSystem),
         text("displayname", "Display Name", 100),
         memo("description", "Description", 2000),
         memo("defaultvalue", "Default Value", 2000),
         with_initial(
             choice(
                 "type",
                 "Type",
                 {{100000000, "String"},
                  {100000001, "Number"},
                  {100000002, "Boolean"},
                  {100000003, "JSON"},
                  {100000004, "Data Source"},
                  {100000005, "Secret"}}
             ),
             100000000
         ),
         boolean("isrequired", "Is Required", false),
         state(active_states()),
         status(active_reasons())}
    );
    out.keys.push_back({"schemaname", "Schema Name", {"schemaname"}});
    append_system_columns(out);
    return out;
}

Table variable_value() {
    Table out = begin_table(
        "environmentvariablevalue", "environmentvariablevalues", "Environment Variable Value", 381
    );
    out.primary_name = "schemaname";
    out.owned = true;
    append(
        out,
        {text("schemaname", "Schema Name", 100),
         memo("value", "Value", 2000),
         lookup(
             "environmentvariabledefinitionid",
             "Environment Variable Definition",
             {{"environmentvariabledefinition",
               "EnvironmentVariableDefinitionId",
               "environmentvariabledefinition_environmentvariablevalue"}}
         ),
         state(active_states()),
         status(active_reasons())}
    );
    append_system_columns(out);
    return out;
}

// What a connection makes of its rows. The category Sales Team is that of the opportunity form.
Table connection_role() {
    Table out = begin_table("connectionrole", "connectionroles", "Connection Role", 3231);
    out.primary_name = "name";
    append(
        out,
        {needed(text("name", "Name", 100), Required::kSystem),
         choice(
             "category",
             "Connection Role Category",
             {{1, "Business"},
              {2, "Family"},
              {3, "Social"},
              {4, "Sales"},
              {5, "Other"},
              {1000, "Stakeholder"},
              {1001, "Sales Team"},
              {1002, "Service"}}
         ),
         memo("description", "Description", 100),
         state(active_states()),
         status(active_reasons())}
    );
    append_system_columns(out);
    return out;
}

// Two rows that belong together. The real service also keeps each connection seen from its other
// end; the sandbox keeps the one that was made.
Table connection() {
    Table out = begin_table("connection", "connections", "Connection", 3234);
    out.primary_name = "name";
    out.owned = true;
    const auto end = [](const std::string& number) {
        const auto to = [&number](const std::string& table, const std::string& collection) {
            return LookupTarget{table, "record" + number + "id_" + table, collection};
        };
        return std::vector<LookupTarget>{
            to("opportunity", "opportunity_connections" + number),
            to("account", "account_connections" + number),
            to("contact", "contact_connections" + number),
            to("systemuser", "")};
    };
    append(
        out,
        {read_only(text("name", "Name", 500)),
         needed(lookup("record1id", "Connected From", end("1")), Required::kSystem),
         needed(lookup("record2id", "Connected To", end("2")), Required::kSystem),
         lookup("record1roleid", "Role (From)", {{"connectionrole", "record1roleid", ""}}),
         lookup("record2roleid", "Role (To)", {{"connectionrole", "record2roleid", ""}}),
         memo("description", "Description", 2000),
         state(active_states()),
         status(active_reasons())}
    );
    append_system_columns(out);
    return out;
}

// A form of a table, as XML. Of the types the sandbox has 2, a main form.
Table system_form() {
    Table out = begin_table("systemform", "systemforms", "System Form", 1030);
    out.key = "formid";
    out.columns.front().name = "formid";
    out.primary_name = "name";
    out.privileged_as = "SystemForm";
    append(
        out,
        {needed(text("name", "Name", 100)),
         text("objecttypecode", "Entity Name", 64),
         column("type", "Form Type", ColumnType::kInteger),
         memo("formxml", "FormXml", 1'000'000)}
    );
    append_system_columns(out);
    return out;
}

// A view of a table that everybody sees.
Table saved_query() {
    Table out = begin_table("savedquery", "savedqueries", "View", 1039);
    out.primary_name = "name";
    out.privileged_as = "Query";
    append(
        out,
        {needed(text("name", "Name", 200)),
         text("returnedtypecode", "Entity Name", 64),
         column("querytype", "Query Type", ColumnType::kInteger),
         memo("fetchxml", "FetchXml", 1'000'000),
         memo("layoutxml", "LayoutXml", 1'000'000)}
    );
    append_system_columns(out);
    return out;
}

}  // namespace tideway::connectors::dataverse::sandbox
