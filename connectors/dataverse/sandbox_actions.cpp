// WinOpportunity, LoseOpportunity and QualifyLead.
#include <algorithm>

#include "connectors/dataverse/sandbox_values.h"
#include "connectors/dataverse/sandbox_web_api.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::string_view kBind = "@odata.bind";

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
        std::to_string(wanted) + " is not a valid status code for this action on " + table.name + "."
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

std::string address_of(const Table& table, std::string_view id) {
    return "/" + table.set + "(" + std::string(id) + ")";
}

bool asked(const Json& body, const char* name) { return bool_or(body, name, false); }

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

Outcome<std::string> WebApi::made_by_qualifying(
    const Call& call, const Table& table, const Json& body
) {
    return writer_.create({table, body, call.request.caller, call.request.content_ids});
}

WebApi::Answer WebApi::qualify_lead(const Call& call, const Row& found) {
    const auto body = body_of(call);
    if (!body) {
        return tl::unexpected<ServiceError>(body.error());
    }
    const Row lead = found;
    const Schema& schema = database_.schema();
    const Table& leads = *schema.by_name("lead");
    const std::string lead_id = string_or(lead, "leadid");
    const auto reason = closing_reason(leads, *body, 1);
    if (!reason) {
        return tl::unexpected<ServiceError>(reason.error());
    }
    if (int_or(lead, "statecode", 0) != 0) {
        return refuse(400, codes::kInvalidArgument, "The lead is already closed.");
    }
    Json made = Json::array();
    Json change = {{"statecode", 1}, {"statuscode", *reason}};
    Json opportunity = {{"originatingleadid@odata.bind", address_of(leads, lead_id)}};
    const auto create = [&](const char* name, const Json& row) -> Outcome<std::string> {
        const Table& table = *schema.by_name(name);
        auto id = made_by_qualifying(call, table, row);
        if (id) {
            made.push_back(
                {{"@odata.type", "#Microsoft.Dynamics.CRM." + table.name}, {table.key, *id}}
            );
        }
        return id;
    };

    std::string account_address;
    if (asked(*body, "CreateAccount")) {
        Json row = Json::object();
        copy(
            lead,
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
        if (!row.contains("name")) {
            row["name"] = string_or(lead, "fullname");
        }
        const auto id = create("account", row);
        if (!id) {
            return tl::unexpected<ServiceError>(id.error());
        }
        account_address = address_of(*schema.by_name("account"), *id);
        opportunity["parentaccountid@odata.bind"] = account_address;
        change["parentaccountid@odata.bind"] = account_address;
    }
    if (asked(*body, "CreateContact")) {
        Json row = Json::object();
        copy(
            lead,
            row,
            {{"firstname", "firstname"},
             {"lastname", "lastname"},
             {"emailaddress1", "emailaddress1"},
             {"telephone1", "telephone1"},
             {"mobilephone", "mobilephone"},
             {"jobtitle", "jobtitle"}}
        );
        if (!account_address.empty()) {
            row["parentcustomerid_account@odata.bind"] = account_address;
        }
        const auto id = create("contact", row);
        if (!id) {
            return tl::unexpected<ServiceError>(id.error());
        }
        const std::string address = address_of(*schema.by_name("contact"), *id);
        opportunity["parentcontactid@odata.bind"] = address;
        change["parentcontactid@odata.bind"] = address;
    }
    if (asked(*body, "CreateOpportunity")) {
        copy(
            lead,
            opportunity,
            {{"subject", "name"},
             {"description", "description"},
             {"estimatedclosedate", "estimatedclosedate"},
             {"budgetamount", "budgetamount"},
             {"estimatedamount", "estimatedvalue"}}
        );
        opportunity["isrevenuesystemcalculated"] = false;
        const Json* currency = tideway::find(*body, "OpportunityCurrencyId");
        const Reference own = reference_of(lead, "transactioncurrencyid");
        const std::string id_of_currency =
            currency == nullptr ? own.id : string_or(*currency, "transactioncurrencyid", own.id);
        if (!id_of_currency.empty()) {
            opportunity["transactioncurrencyid@odata.bind"] =
                address_of(*schema.by_name("transactioncurrency"), id_of_currency);
        }
        const auto id = create("opportunity", opportunity);
        if (!id) {
            return tl::unexpected<ServiceError>(id.error());
        }
        change["qualifyingopportunityid@odata.bind"] =
            address_of(*schema.by_name("opportunity"), *id);
    }
    TIDEWAY_DV_TRY(writer_.update(
        {leads, change, call.request.caller, call.request.content_ids, SaveOrigin::kAction}, lead_id
    ));
    const Json answer = {
        {"@odata.context", call.request.root + "/$metadata#Collection(mscrm.crmbaseentity)"},
        {"value", made}};
    return odata_response(200, answer, call.preferences);
}

}  // namespace tideway::connectors::dataverse::sandbox
