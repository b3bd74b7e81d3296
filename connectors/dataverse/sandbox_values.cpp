#include "connectors/dataverse/sandbox_values.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <date/date.h>

#include "engine/base/uid.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

tl::unexpected<ServiceError> cannot_convert(const Column& column, const Json& sent) {
    const std::string literal = sent.is_string() ? sent.get<std::string>() : dump(sent);
    return bad_payload(
        "Cannot convert the literal '" + literal + "' to the expected type '" +
        std::string(edm_type(column.type)) + "' for property '" + column.name + "'."
    );
}

// As the service counts: UTF-16 code units.
std::size_t length_of(std::string_view utf8) {
    std::size_t units = 0;
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) != 0x80U) {
            units += byte >= 0xF0U ? 2 : 1;
        }
    }
    return units;
}

Outcome<Json> read_text(const Table& table, const Column& column, const Json& sent) {
    if (!sent.is_string()) {
        return cannot_convert(column, sent);
    }
    if (length_of(sent.get_ref<const std::string&>()) > column.max_length) {
        return refuse(
            400,
            codes::kTooLong,
            "A validation error occurred. The length of the '" + column.name +
                "' attribute of the '" + table.name +
                "' entity exceeded the maximum allowed length of '" +
                std::to_string(column.max_length) + "'."
        );
    }
    // An empty text is stored as null, as the service does.
    return sent.get_ref<const std::string&>().empty() ? Json() : sent;
}

Outcome<Json> read_number(const Table& table, const Column& column, const Json& sent) {
    const bool whole = column.type == ColumnType::kInteger || column.type == ColumnType::kBigInt;
    if (!sent.is_number() || (whole && !sent.is_number_integer())) {
        return cannot_convert(column, sent);
    }
    const double value = sent.get<double>();
    if (column.type != ColumnType::kBigInt && (value < column.least || value > column.most)) {
        return refuse(
            400,
            codes::kOutOfRange,
            "A validation error occurred. The value of '" + column.name + "' on record of type '" +
                table.name + "' is outside the valid range."
        );
    }
    return whole ? sent : Json(value);
}

Outcome<Json> read_choice(const Table& table, const Column& column, const Json& sent) {
    if (!sent.is_number_integer()) {
        return cannot_convert(column, sent);
    }
    const auto value = sent.get<std::int64_t>();
    std::string accepted;
    for (const Choice& each : column.choices) {
        if (each.value == value) {
            return sent;
        }
        accepted += (accepted.empty() ? "" : ",") + std::to_string(each.value);
    }
    return refuse(
        400,
        codes::kInvalidOption,
        "The value '" + std::to_string(value) + "' of '" + column.name + "' on record of type '" +
            table.name + "' is outside the valid range. Accepted Values: " + accepted
    );
}

bool looks_like_date(std::string_view text) {
    return text.size() == 10 && text[4] == '-' && text[7] == '-';
}

Outcome<Json> read_time(const Column& column, const Json& sent) {
    const std::string text = sent.is_string() ? sent.get<std::string>() : "";
    const auto at = parse_utc(text);
    if (!at || (column.type == ColumnType::kDate && !looks_like_date(text))) {
        return cannot_convert(column, sent);
    }
    return column.type == ColumnType::kDate ? Json(text) : Json(print_time(*at));
}

std::string with_thousands(double value, int decimals) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.*f", decimals, std::fabs(value));
    std::string text = digits;
    const std::size_t point = std::min(text.find('.'), text.size());
    for (std::size_t at = point; at > 3; at -= 3) {
        text.insert(at - 3, 1, ',');
    }
    return (value < 0 ? "-" : "") + text;
}

std::string for_people(Timestamp at, ColumnType type) {
    return date::format(
        type == ColumnType::kDate ? "%m/%d/%Y" : "%m/%d/%Y %I:%M %p",
        std::chrono::floor<std::chrono::seconds>(at)
    );
}

std::optional<std::string> choice_label(const Column& column, const Json& value) {
    const std::int64_t number =
        value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<std::int64_t>();
    for (const Choice& each : column.choices) {
        if (each.value == number) {
            return each.label;
        }
    }
    return std::nullopt;
}

std::optional<std::string> name_of(const Database& database, const Reference& to) {
    const Table* table = database.schema().by_name(to.table);
    const Row* row = database.find(to.table, to.id);
    if (table == nullptr || row == nullptr) {
        return std::nullopt;
    }
    return string_or(*row, table->primary_name);
}

std::string money_text(const Database& database, const Row& row, double value) {
    const Reference to = reference_of(row, "transactioncurrencyid");
    const Row* currency = database.find(to.table, to.id);
    const Json none = Json::object();
    const Json& of = currency == nullptr ? none : *currency;
    const auto decimals = static_cast<int>(int_or(of, "currencyprecision", 2));
    return string_or(of, "currencysymbol") + with_thousands(value, decimals);
}

}  // namespace

Outcome<Json> read_value(const Table& table, const Column& column, const Json& sent) {
    if (sent.is_null()) {
        return sent;
    }
    switch (column.type) {
        case ColumnType::kKey:
        case ColumnType::kGuid: {
            const auto guid = sent.is_string() ? read_guid(sent.get<std::string>()) : std::nullopt;
            return guid ? Outcome<Json>(Json(*guid)) : cannot_convert(column, sent);
        }
        case ColumnType::kText:
        case ColumnType::kMemo:
            return read_text(table, column, sent);
        case ColumnType::kInteger:
        case ColumnType::kBigInt:
        case ColumnType::kDecimal:
        case ColumnType::kDouble:
        case ColumnType::kMoney:
            return read_number(table, column, sent);
        case ColumnType::kBoolean:
            return sent.is_boolean() ? Outcome<Json>(sent) : cannot_convert(column, sent);
        case ColumnType::kDate:
        case ColumnType::kDateTime:
            return read_time(column, sent);
        case ColumnType::kChoice:
        case ColumnType::kState:
        case ColumnType::kStatus:
            return read_choice(table, column, sent);
        case ColumnType::kLookup:
            break;
    }
    return bad_payload(
        "Lookup '" + column.name + "' is written through its navigation property with @odata.bind."
    );
}

std::optional<std::string> read_guid(std::string_view text) {
    if (text.size() == 38 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, 36);
    }
    if (text.size() != 36) {
        return std::nullopt;
    }
    for (const std::size_t at : {8U, 13U, 18U, 23U}) {
        if (text[at] != '-') {
            return std::nullopt;
        }
    }
    const auto uid = Uid::parse(text);
    return uid ? std::optional<std::string>(uid->guid()) : std::nullopt;
}

double round_to(double value, int decimals) {
    const double scale = std::pow(10.0, decimals);
    return std::round(value * scale) / scale;
}

std::string print_time(Timestamp at) {
    return format_utc(std::chrono::floor<std::chrono::seconds>(at));
}

std::optional<std::string> formatted_value(
    const Database& database, const Table& table, const Column& column, const Row& row
) {
    const Json* value = tideway::find(row, column.name);
    if (value == nullptr || value->is_null()) {
        return std::nullopt;
    }
    switch (column.type) {
        case ColumnType::kBoolean:
        case ColumnType::kChoice:
        case ColumnType::kState:
        case ColumnType::kStatus:
            return choice_label(column, *value);
        case ColumnType::kLookup:
            return name_of(database, reference_of(row, column.name));
        case ColumnType::kMoney:
            return money_text(database, row, value->get<double>());
        case ColumnType::kInteger:
        case ColumnType::kBigInt:
            return with_thousands(value->get<double>(), 0);
        case ColumnType::kDecimal:
        case ColumnType::kDouble:
            return with_thousands(
                value->get<double>(), table.name == "transactioncurrency" ? 10 : 2
            );
        case ColumnType::kDate:
        case ColumnType::kDateTime: {
            const auto at = parse_utc(value->get<std::string>());
            return at ? std::optional<std::string>(for_people(*at, column.type)) : std::nullopt;
        }
        case ColumnType::kKey:
        case ColumnType::kGuid:
        case ColumnType::kText:
        case ColumnType::kMemo:
            break;
    }
    return std::nullopt;
}

}  // namespace tideway::connectors::dataverse::sandbox
