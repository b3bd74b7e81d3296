// What single tables do on a save: states, closed rows, money, names, callback registrations.
#include <algorithm>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"
#include "connectors/dataverse/sandbox_writer.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

const Choice* choice_of(const Column& column, std::int64_t value) {
    const auto found =
        std::find_if(column.choices.begin(), column.choices.end(), [value](const Choice& c) {
            return c.value == value;
        });
    return found == column.choices.end() ? nullptr : &*found;
}

bool touches(const RuleInput& input, const char* column) {
    return input.columns.count(column) > 0;
}

Outcome<void> keep_state_and_reason_together(const RuleInput& input, Row& row) {
    const Column* states = input.table.column("statecode");
    const Column* reasons = input.table.column("statuscode");
    if (states == nullptr || reasons == nullptr) {
        return {};
    }
    const std::int64_t state = int_or(row, "statecode", 0);
    const bool state_moved =
        input.before != nullptr && int_or(*input.before, "statecode", 0) != state;
    if (!touches(input, "statuscode") && touches(input, "statecode") &&
        (state_moved || input.before == nullptr)) {
        for (const Choice& reason : reasons->choices) {
            if (reason.state == state) {
                row["statuscode"] = reason.value;
                break;
            }
        }
    }
    const std::int64_t reason = int_or(row, "statuscode", 0);
    const Choice* chosen = choice_of(*reasons, reason);
    const Choice* state_choice = choice_of(*states, state);
    if (chosen == nullptr || state_choice == nullptr || chosen->state != state) {
        return refuse(
            400,
            codes::kInvalidStatusForState,
            std::to_string(reason) + " is not a valid status code for state code " +
                (state_choice == nullptr ? std::to_string(state) : state_choice->label) + " on " +
                input.table.name + " with Id " + string_or(row, input.table.key) + "."
        );
    }
    return {};
}

// Winning, losing and qualifying are actions with effects of their own.
Outcome<void> refuse_states_of_actions(const RuleInput& input, const Row& row) {
    if (input.origin == SaveOrigin::kAction) {
        return {};
    }
    const std::int64_t state = int_or(row, "statecode", 0);
    const std::int64_t was = input.before == nullptr ? 0 : int_or(*input.before, "statecode", 0);
    const bool opportunity = input.table.name == "opportunity";
    if (state == was || (!opportunity && !(input.table.name == "lead" && state == 1)) ||
        state == 0) {
        return {};
    }
    const char* action =
        opportunity ? (state == 1 ? "WinOpportunity" : "LoseOpportunity") : "QualifyLead";
    return refuse(
        400,
        codes::kInvalidArgument,
        "This message can not be used to set the state of " + input.table.name + " to " +
            choice_of(*input.table.column("statecode"), state)->label + ". Use " + action +
            " instead."
    );
}

Outcome<void> protect_closed_opportunity(const RuleInput& input, const Row& row) {
    if (input.table.name != "opportunity" || input.before == nullptr ||
        input.origin == SaveOrigin::kAction) {
        return {};
    }
    const bool stays_closed =
        int_or(*input.before, "statecode", 0) != 0 && int_or(row, "statecode", 0) != 0;
    for (const std::string& name : input.columns) {
        const Column* column = input.table.column(name);
        if (stays_closed && column != nullptr && !column->editable_when_closed) {
            return refuse(
                400,
                codes::kAlreadyClosed,
                "The opportunity is already closed: '" + name +
                    "' cannot be changed. Reopen it first (statecode 0)."
            );
        }
    }
    return {};
}

const Row* currency_of(const RuleInput& input, Row& row) {
    const Reference to = reference_of(row, "transactioncurrencyid");
    if (const Row* currency = input.database.find("transactioncurrency", to.id)) {
        return currency;
    }
    for (const auto& [id, currency] : input.database.rows("transactioncurrency")) {
        if (currency.value("exchangerate", 0.0) == 1.0) {  // the organisation's own
            row["transactioncurrencyid"] = make_reference("transactioncurrency", id);
            return &currency;
        }
    }
    return nullptr;
}

void settle_money(const RuleInput& input, Row& row) {
    if (input.table.column("exchangerate") == nullptr ||
        input.table.name == "transactioncurrency") {
        return;
    }
    const Row* currency = currency_of(input, row);
    if (currency == nullptr) {
        return;
    }
    const double rate = currency->value("exchangerate", 1.0);
    const auto decimals = static_cast<int>(int_or(*currency, "currencyprecision", 2));
    row["exchangerate"] = rate;
    for (const Column& column : input.table.columns) {
        if (column.type != ColumnType::kMoney || column.name.ends_with("_base")) {
            continue;
        }
        const std::string base = column.name + "_base";
        if (!row.contains(column.name)) {
            row.erase(base);
            continue;
        }
        const double value = round_to(row[column.name].get<double>(), decimals);
        row[column.name] = value;
        if (input.table.column(base) != nullptr) {
            row[base] = round_to(value / (rate == 0.0 ? 1.0 : rate), 2);
        }
    }
}

// A system calculated revenue is the sum of the products, of which the sandbox has none.
void calculate_revenue(const RuleInput& input, Row& row) {
    if (input.table.name != "opportunity" || !bool_or(row, "isrevenuesystemcalculated", false)) {
        return;
    }
    row["estimatedvalue"] = 0.0;
}

void follow_parent_customer(const RuleInput& input, Row& row) {
    if (input.table.name != "opportunity" || touches(input, "customerid")) {
        return;
    }
    for (const char* parent : {"parentaccountid", "parentcontactid"}) {
        const Reference to = reference_of(row, parent);
        if (touches(input, parent) && !to.id.empty()) {
            row["customerid"] = make_reference(to.table, to.id);
            return;
        }
    }
}

void reopen(const RuleInput& input, Row& row) {
    if (input.table.name == "opportunity" && int_or(row, "statecode", 0) == 0) {
        row.erase("actualclosedate");
        if (!touches(input, "actualvalue") && input.before != nullptr &&
            int_or(*input.before, "statecode", 0) != 0) {
            row.erase("actualvalue");
        }
    }
}

void compose_names(const RuleInput& input, Row& row) {
    if (input.table.column("fullname") != nullptr) {
        const std::string first = string_or(row, "firstname");
        const std::string last = string_or(row, "lastname");
        row["fullname"] = first + (first.empty() || last.empty() ? "" : " ") + last;
    }
    if (row.contains("ownerid")) {
        row["owninguser"] = row["ownerid"];
        row["owningbusinessunit"] = std::string(kBusinessUnit);
    }
}

Outcome<void> check_registration(const RuleInput& input, const Row& row) {
    if (input.table.name != "callbackregistration") {
        return {};
    }
    const Table* watched = input.database.schema().by_name(string_or(row, "entityname"));
    if (watched == nullptr) {
        return refuse(
            400,
            codes::kRowNotFound,
            "The entity with a name = '" + string_or(row, "entityname") +
                "' was not found. A registration takes the logical name, not the set name."
        );
    }
    const auto url = http::parse_url(string_or(row, "url"));
    if (!url || (url->scheme != "https" && url->scheme != "http")) {
        return refuse(400, codes::kInvalidArgument, "The callback url is not an absolute URL.");
    }
    for (const auto& [unused, name] : split_arguments(string_or(row, "filteringattributes"))) {
        std::string trimmed = name;
        std::erase(trimmed, ' ');
        if (watched->column(trimmed) == nullptr) {
            return refuse(
                400,
                codes::kInvalidArgument,
                "filteringattributes: '" + watched->name + "' entity doesn't contain attribute '" +
                    trimmed + "'."
            );
        }
    }
    const std::string filter = string_or(row, "filterexpression");
    if (filter.empty()) {
        return {};
    }
    const FilterContext context{&input.database.schema(), input.now, "", {}};
    const auto parsed = parse_filter(context, *watched, filter);
    return parsed ? Outcome<void>() : tl::unexpected<ServiceError>(parsed.error());
}

}  // namespace

Outcome<void> apply_rules(const RuleInput& input, Row& row) {
    TIDEWAY_DV_TRY(refuse_states_of_actions(input, row));
    TIDEWAY_DV_TRY(keep_state_and_reason_together(input, row));
    TIDEWAY_DV_TRY(protect_closed_opportunity(input, row));
    TIDEWAY_DV_TRY(check_registration(input, row));
    reopen(input, row);
    calculate_revenue(input, row);
    follow_parent_customer(input, row);
    settle_money(input, row);
    compose_names(input, row);
    return {};
}

}  // namespace tideway::connectors::dataverse::sandbox
