// The tables of Dynamics 365 Sales that the sandbox knows (columns: public reference), plus the
// co-sell solution's columns, whose real names are not public.
#include "connectors/dataverse/sandbox_columns.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

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

// Of the co-sell solution: one row for each solution of an opportunity.
Table microsoft_solution() {
    Table out = begin_table(
        "msft_microsoftsolution", "msft_microsoftsolutions", "Microsoft Solution", 10'000
    );
    out.privileged_as = out.name;
    out.primary_name = "msft_name";
    out.owned = true;
    out.change_tracking = true;
    append(
        out,
        {needed(text("msft_name", "Solution ID", 100)),
         lookup(
             "msft_opportunityid",
             "Opportunity",
             {{"opportunity", "msft_opportunityid", "msft_opportunity_microsoftsolutions"}}
         ),
         state(active_states()),
         status(active_reasons())}
    );
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

}  // namespace

Schema sales_schema() {
    return Schema(
        {opportunity(),
         lead(),
         account(),
         contact(),
         microsoft_solution(),
         system_user(),
         currency(),
         callback_registration(),
         opportunity_close(),
         variable_definition(),
         variable_value(),
         connection_role(),
         connection(),
         system_form(),
         saved_query()}
    );
}

}  // namespace tideway::connectors::dataverse::sandbox
