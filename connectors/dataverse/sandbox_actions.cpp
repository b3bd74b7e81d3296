// WinOpportunity, LoseOpportunity and QualifyLead; the functions that tell a user's privileges.
#include <algorithm>

#include "connectors/dataverse/sandbox_values.h"
#include "connectors/dataverse/sandbox_web_api.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

// The status reason of a request: -1 and absence mean the state's own.
Outcome<int> closing_reason(const Table& table, const Json& body, int state) {
    const Column& reasons = *table.column("statuscode");
    const std::int64_t wanted = int_or(body, "Status", -1);
    for (const Choice& each : reasons.choices) {
        if (each.state == state && (wanted == -1 || each.value == wanted)) {
            return each.value;
        }
    }
    return refuse(
        400,
        codes::kInvalidStatusForState,
        std::to_string(wanted) + " is not a valid status code for this action on " + table.name +
            "."
    );
}

// Copies columns that both tables have under the names given.
void copy(
    const Row& from, Json& to, std::initializer_list<std::pair<const char*, const char*>> names
) {
    for (const auto& [source, target] : names) {
        const Json* value = tideway::find(from, source);
        if (value != nullptr && !value->is_null()) {
            to[target] = *value;
        }
    }
}

// The JSON array behind "PrivilegeNames=@p" or "PrivilegeNames=[..]".
Outcome<Json> names_of(const std::string& key, const std::map<std::string, std::string>& aliases) {
    constexpr std::string_view kParameter = "PrivilegeNames=";
    std::string value = key.starts_with(kParameter) ? key.substr(kParameter.size()) : "";
    if (const auto alias = aliases.find(value); alias != aliases.end()) {
        value = alias->second;
    }
    auto names = parse_json(value, "PrivilegeNames");
    if (!names || !names->is_array()) {
        return bad_uri(
            "RetrieveUserSetOfPrivilegesByNames needs PrivilegeNames, a collection of names."
        );
    }
    return std::move(*names);
}

// The names that a request about privileges asks for; absent: all of tables.
Outcome<std::optional<Json>> asked_privileges(
    const Segment& function, const std::map<std::string, std::string>& aliases
) {
    if (function.name.ends_with("RetrieveUserPrivileges")) {
        return std::nullopt;
    }
    auto names = names_of(function.key.value_or(""), aliases);
    if (!names) {
        return tl::unexpected<ServiceError>(names.error());
    }
    return std::optional(std::move(*names));
}

Json names_of_all(const Schema& schema) {
    Json out = Json::array();
    for (const TablePrivilege& each : all_privileges(schema)) {
        out.push_back(privilege_name(each.privilege, *each.table));
    }
    return out;
}

std::string address_of(const Table& table, std::string_view id) {
    return "/" + table.set + "(" + std::string(id) + ")";
}

bool asked(const Json& body, const char* name) {
    return bool_or(body, name, false);
}

}  // namespace

WebApi::Answer WebApi::close_opportunity(const Call& call, int state) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const Json* given = tideway::find(*body, "OpportunityClose");
    if (given == nullptr || !given->is_object()) {
        return bad_payload("The parameter 'OpportunityClose' is missing.");
    }
    const Table& table = *database_.schema().by_name("opportunity");
    const auto reason = closing_reason(table, *body, state);
    if (!reason) {
        return tl::unexpected<ServiceError>(reason.error());
    }
    const std::string address = string_or(*given, "opportunityid@odata.bind");
    const auto to = ReferenceReader{database_, call.request.content_ids}.read(address);
    if (!to) {
        return tl::unexpected<ServiceError>(to.error());
    }
    const Row opportunity = *database_.find("opportunity", to->id);
    if (int_or(opportunity, "statecode", 0) != 0) {
        return refuse(400, codes::kAlreadyClosed, "The opportunity is already closed.");
    }

    Json activity = *given;
    activity["statecode"] = 1;
    activity["statuscode"] = 2;
    activity["opportunitystatecode"] = state;
    activity["opportunitystatuscode"] = *reason;
    if (string_or(activity, "subject").empty()) {
        activity["subject"] = state == 1 ? "Opportunity Won" : "Opportunity Lost";
    }
    if (string_or(activity, "actualend").empty()) {
        activity["actualend"] = print_time(clock_.now());
    }
    const Table& closes = *database_.schema().by_name("opportunityclose");
    const auto made = writer_.create(
        {closes, activity, call.request.caller, call.request.content_ids, SaveOrigin::kAction}
    );
    if (!made) {
        return tl::unexpected<ServiceError>(made.error());
    }

    Json change = {
        {"statecode", state},
        {"statuscode", *reason},
        {"actualclosedate", string_or(activity, "actualend").substr(0, 10)}};
    if (state == 1) {
        copy(opportunity, change, {{"estimatedvalue", "actualvalue"}});
        copy(activity, change, {{"actualrevenue", "actualvalue"}});
    }
    TIDEWAY_DV_TRY(writer_.update(
        {table, change, call.request.caller, call.request.content_ids, SaveOrigin::kAction}, to->id
    ));
    return odata_response(204, {}, Preferences());
}

// A lead on its way to account, contact and opportunity.
struct WebApi::Qualifying {
    const Call& call;
    const Json& body;
    Row lead;
    std::string account;  // "/accounts(..)", empty: none
    Json made = Json::array();
    Json opportunity = Json::object();  // the new opportunity's columns
    Json change = Json::object();       // the lead's
};

Outcome<std::string> WebApi::make_row(Qualifying& work, const char* table, const Json& row) {
    const Table& of = *database_.schema().by_name(table);
    auto id = writer_.create({of, row, work.call.request.caller, work.call.request.content_ids});
    if (!id) {
        return id;
    }
    work.made.push_back({{"@odata.type", "#Microsoft.Dynamics.CRM." + of.name}, {of.key, *id}});
    return address_of(of, *id);
}

Outcome<void> WebApi::make_account(Qualifying& work) {
    Json row = {{"name", string_or(work.lead, "fullname")}};
    copy(
        work.lead,
        row,
        {{"companyname", "name"},
         {"telephone1", "telephone1"},
         {"websiteurl", "websiteurl"},
         {"numberofemployees", "numberofemployees"},
         {"address1_line1", "address1_line1"},
         {"address1_line2", "address1_line2"},
         {"address1_city", "address1_city"},
         {"address1_stateorprovince", "address1_stateorprovince"},
         {"address1_postalcode", "address1_postalcode"},
         {"address1_country", "address1_country"}}
    );
    const auto address = make_row(work, "account", row);
    if (!address) {
        return tl::unexpected<ServiceError>(address.error());
    }
    work.account = *address;
    work.opportunity["parentaccountid@odata.bind"] = *address;
    work.change["parentaccountid@odata.bind"] = *address;
    return {};
}

Outcome<void> WebApi::make_contact(Qualifying& work) {
    Json row = Json::object();
    copy(
        work.lead,
        row,
        {{"firstname", "firstname"},
         {"lastname", "lastname"},
         {"emailaddress1", "emailaddress1"},
         {"telephone1", "telephone1"},
         {"mobilephone", "mobilephone"},
         {"jobtitle", "jobtitle"}}
    );
    if (!work.account.empty()) {
        row["parentcustomerid_account@odata.bind"] = work.account;
    }
    const auto address = make_row(work, "contact", row);
    if (!address) {
        return tl::unexpected<ServiceError>(address.error());
    }
    work.opportunity["parentcontactid@odata.bind"] = *address;
    work.change["parentcontactid@odata.bind"] = *address;
    return {};
}

Outcome<void> WebApi::make_opportunity(Qualifying& work) {
    Json& row = work.opportunity;
    copy(
        work.lead,
        row,
        {{"subject", "name"},
         {"description", "description"},
         {"estimatedclosedate", "estimatedclosedate"},
         {"budgetamount", "budgetamount"},
         {"estimatedamount", "estimatedvalue"}}
    );
    row["isrevenuesystemcalculated"] = false;
    const Json* given = tideway::find(work.body, "OpportunityCurrencyId");
    const std::string own = reference_of(work.lead, "transactioncurrencyid").id;
    const std::string currency =
        given == nullptr ? own : string_or(*given, "transactioncurrencyid", own);
    if (!currency.empty()) {
        row["transactioncurrencyid@odata.bind"] = "/transactioncurrencies(" + currency + ")";
    }
    const auto address = make_row(work, "opportunity", row);
    if (!address) {
        return tl::unexpected<ServiceError>(address.error());
    }
    work.change["qualifyingopportunityid@odata.bind"] = *address;
    return {};
}

WebApi::Answer WebApi::qualify_lead(const Call& call, const Row& lead) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const Table& leads = *database_.schema().by_name("lead");
    const auto reason = closing_reason(leads, *body, 1);
    if (!reason) {
        return tl::unexpected<ServiceError>(reason.error());
    }
    if (int_or(lead, "statecode", 0) != 0) {
        return refuse(400, codes::kInvalidArgument, "The lead is already closed.");
    }
    const std::string lead_id = string_or(lead, "leadid");
    Qualifying work{call, *body, lead, "", Json::array(), Json::object(), Json::object()};
    work.opportunity["originatingleadid@odata.bind"] = address_of(leads, lead_id);
    if (asked(*body, "CreateAccount")) {
        TIDEWAY_DV_TRY(make_account(work));
    }
    if (asked(*body, "CreateContact")) {
        TIDEWAY_DV_TRY(make_contact(work));
    }
    if (asked(*body, "CreateOpportunity")) {
        TIDEWAY_DV_TRY(make_opportunity(work));
    }
    work.change["statecode"] = 1;
    work.change["statuscode"] = *reason;
    TIDEWAY_DV_TRY(writer_.update(
        {leads, work.change, call.request.caller, call.request.content_ids, SaveOrigin::kAction},
        lead_id
    ));
    const Json answer = {
        {"@odata.context", call.request.root + "/$metadata#Collection(mscrm.crmbaseentity)"},
        {"value", work.made}};
    return odata_response(200, answer, call.preferences);
}

WebApi::Answer WebApi::user_privileges(const Call& call, const Row& user, const Segment& function) {
    const auto asked = asked_privileges(function, call.context.aliases);
    if (!asked) {
        return tl::unexpected<ServiceError>(asked.error());
    }
    const Schema& schema = database_.schema();
    const Caller of = Callers::caller_of(user, call.request.caller);
    Json held = Json::array();
    // Names that do not exist are left out.
    for (const Json& each : *asked ? **asked : names_of_all(schema)) {
        const std::string name = each.is_string() ? each.get<std::string>() : std::string();
        const auto of_table = find_privilege(schema, name);
        const bool has = of_table ? callers_.has(of, of_table->privilege, *of_table->table)
                                  : is_customizing(name) && callers_.may_customize(of, name);
        if (has) {
            held.push_back(role_privilege(name));
        }
    }
    const bool is_all = function.name.ends_with("RetrieveUserPrivileges");
    const char* type =
        is_all ? "RetrieveUserPrivilegesResponse" : "RetrieveUserSetOfPrivilegesByNamesResponse";
    const Json answer = {
        {"@odata.context", call.request.root + "/$metadata#Microsoft.Dynamics.CRM." + type},
        {"RolePrivileges", held}};
    return odata_response(200, answer, call.preferences);
}

}  // namespace tideway::connectors::dataverse::sandbox
