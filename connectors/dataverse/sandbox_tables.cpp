// The tables of Dynamics 365 Sales that the sandbox knows (columns: public reference), plus the
// co-sell solution's columns, whose real names are not public.
#include "connectors/dataverse/sandbox_schema.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

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

Column needed(Column out, Required level = Required::kApplication) {
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

// Columns of the co-sell solution; shared by opportunity and lead.
void append_cosell(Table& table) {
    append(
        table,
        {boolean("msft_syncwithpartnercenter", "Sync with Partner Center", false),
         text("msft_referralidentifier", "Referral Identifier", 100),
         text("msft_referrallink", "Referral Link", 500),
         choice(
             "msft_howcanmicrosofthelp",
             "How can Microsoft help?",
             {{861980000, "Workload Specific Value Proposition"},
              {861980001, "Customer Technical Architecture"},
              {861980002, "Proof Of Concept or Demo"},
              {861980003, "Quotes or Licensing"},
              {861980004, "Post Sales Customer Success"},
              {861980005, "General or Other"}}
         ),
         memo("msft_products", "Products", 2000),
         when_closed(memo("msft_audit", "Audit", 4000)),
         boolean("msft_referralvisibility", "Microsoft Partner Center Referral Visibility", false),
         when_closed(text("msft_microsoftcrmidentifier", "Microsoft CRM Identifier", 100))}
    );
    table.keys.push_back(
        {"msft_referralidentifierkey", "Referral Identifier", {"msft_referralidentifier"}}
    );
}

Table opportunity() {
    Table out = begin_table("opportunity", "opportunities", "Opportunity", 3);
    out.primary_name = "name";
    out.owned = true;
    out.change_tracking = true;
    append(
        out,
        {needed(text("name", "Topic", 300)),
         memo("description", "Description", 2000),
         column("estimatedclosedate", "Est. Close Date", ColumnType::kDate),
         boolean("isrevenuesystemcalculated", "Revenue", true),
         read_only(column("actualclosedate", "Actual Close Date", ColumnType::kDate)),
         positive(column("closeprobability", "Probability", ColumnType::kInteger)),
         choice("opportunityratingcode", "Rating", {{1, "Hot"}, {2, "Warm"}, {3, "Cold"}}),
         text("stepname", "Pipeline Phase", 200),
         text("emailaddress", "Email Address", 100),
         lookup(
             "parentaccountid",
             "Account",
             {{"account", "parentaccountid", "opportunity_parent_account"}}
         ),
         lookup(
             "parentcontactid",
             "Contact",
             {{"contact", "parentcontactid", "opportunity_parent_contact"}}
         ),
         customer("customerid", "Potential Customer", "opportunity_customer"),
         lookup(
             "originatingleadid",
             "Originating Lead",
             {{"lead", "originatingleadid", "opportunity_originating_lead"}}
         ),
         state({{0, "Open"}, {1, "Won"}, {2, "Lost"}}),
         status(
             {{1, "In Progress", 0},
              {2, "On Hold", 0},
              {3, "Won", 1},
              {4, "Canceled", 2},
              {5, "Out-Sold", 2}}
         )}
    );
    append_money(out, "estimatedvalue", "Est. Revenue");
    append_money(out, "budgetamount", "Budget Amount");
    append_money(out, "actualvalue", "Actual Revenue");
    append_currency(out);
    append_cosell(out);
    append_system_columns(out);
    return out;
}

void append_lead_person(Table& out) {
    append(
        out,
        {needed(text("subject", "Topic", 300)),
         text("firstname", "First Name", 50),
         needed(text("lastname", "Last Name", 50)),
         read_only(text("fullname", "Name", 160)),
         text("companyname", "Company Name", 100),
         text("jobtitle", "Job Title", 100),
         text("emailaddress1", "Email", 100),
         text("telephone1", "Business Phone", 50),
         text("mobilephone", "Mobile Phone", 20),
         text("websiteurl", "Website", 200),
         memo("description", "Description", 2000),
         positive(column("numberofemployees", "No. of Employees", ColumnType::kInteger))}
    );
    append_address(out);
}

Table lead() {
    Table out = begin_table("lead", "leads", "Lead", 4);
    out.primary_name = "fullname";
    out.owned = true;
    out.change_tracking = true;
    append_lead_person(out);
    append(
        out,
        {choice(
             "industrycode",
             "Industry",
             {{1, "Accounting"},
              {6, "Business Services"},
              {7, "Consulting"},
              {14, "Financial"},
              {34, "Wholesale"}}
         ),
         choice(
             "leadsourcecode",
             "Lead Source",
             {{1, "Advertisement"},
              {3, "External Referral"},
              {4, "Partner"},
              {8, "Web"},
              {10, "Other"}}
         ),
         with_initial(
             choice("leadqualitycode", "Rating", {{1, "Hot"}, {2, "Warm"}, {3, "Cold"}}), 2
         ),
         column("estimatedamount", "Est. Value (Amount)", ColumnType::kMoney),
         read_only(column("estimatedamount_base", "Est. Value (Base)", ColumnType::kMoney)),
         column("estimatedvalue", "Est. Value (Number)", ColumnType::kDouble),
         column("estimatedclosedate", "Est. Close Date", ColumnType::kDate),
         lookup(
             "parentaccountid",
             "Parent Account for lead",
             {{"account", "parentaccountid", "lead_parent_account"}}
         ),
         lookup(
             "parentcontactid",
             "Parent Contact for lead",
             {{"contact", "parentcontactid", "lead_parent_contact"}}
         ),
         read_only(customer("customerid", "Customer", "lead_customer")),
         lookup(
             "qualifyingopportunityid",
             "Qualifying Opportunity",
             {{"opportunity", "qualifyingopportunityid", "lead_qualifying_opportunity"}}
         ),
         state({{0, "Open"}, {1, "Qualified"}, {2, "Disqualified"}}),
         status(
             {{1, "New", 0},
              {2, "Contacted", 0},
              {3, "Qualified", 1},
              {4, "Lost", 2},
              {5, "Cannot Contact", 2},
              {6, "No Longer Interested", 2},
              {7, "Canceled", 2}}
         )}
    );
    append_money(out, "budgetamount", "Budget Amount");
    append_currency(out);
    append_cosell(out);
    append_system_columns(out);
    return out;
}

Table account() {
    Table out = begin_table("account", "accounts", "Account", 1);
    out.primary_name = "name";
    out.owned = true;
    out.change_tracking = true;
    append(
        out,
        {needed(text("name", "Account Name", 160)),
         text("accountnumber", "Account Number", 20),
         text("telephone1", "Main Phone", 50),
         text("emailaddress1", "Email", 100),
         text("websiteurl", "Website", 200),
         memo("description", "Description", 2000),
         positive(column("numberofemployees", "Number of Employees", ColumnType::kInteger)),
         lookup(
             "primarycontactid",
             "Primary Contact",
             {{"contact", "primarycontactid", "account_primary_contact"}}
         ),
         lookup(
             "parentaccountid",
             "Parent Account",
             {{"account", "parentaccountid", "account_parent_account"}}
         ),
         state(active_states()),
         status(active_reasons())}
    );
    append_address(out);
    append_money(out, "revenue", "Annual Revenue");
    append_currency(out);
    append_system_columns(out);
    return out;
}

Table contact() {
    Table out = begin_table("contact", "contacts", "Contact", 2);
    out.primary_name = "fullname";
    out.owned = true;
    out.change_tracking = true;
    append(
        out,
        {text("firstname", "First Name", 50),
         needed(text("lastname", "Last Name", 50)),
         read_only(text("fullname", "Full Name", 160)),
         text("jobtitle", "Job Title", 100),
         text("emailaddress1", "Email", 100),
         text("telephone1", "Business Phone", 50),
         text("mobilephone", "Mobile Phone", 50),
         memo("description", "Description", 2000),
         customer("parentcustomerid", "Company Name", "contact_customer"),
         state(active_states()),
         status(active_reasons())}
    );
    append_address(out);
    append_currency(out);
    append_system_columns(out);
    return out;
}

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

}  // namespace

Schema sales_schema() {
    return Schema(
        {opportunity(),
         lead(),
         account(),
         contact(),
         system_user(),
         currency(),
         callback_registration(),
         opportunity_close(),
         variable_definition(),
         variable_value()}
    );
}

}  // namespace tideway::connectors::dataverse::sandbox
