// Microsoft.Dynamics.CRM.* query functions of $filter: lists, ranges, relative dates, the current
// user.
#include <algorithm>
#include <charconv>

#include "connectors/dataverse/sandbox_filter.h"
#include "connectors/dataverse/sandbox_values.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;

struct Range {
    Timestamp from;   // included
    Timestamp until;  // not included
};

// The text of an argument that may be written with or without quotes.
std::string plain(const std::string& literal) {
    const auto operand = parse_literal(literal);
    if (!operand || operand->kind != Kind::kText) {
        return literal;
    }
    return std::get<std::string>(operand->get(Scope{}));
}

// Arguments are often quoted whatever the column's type is: read them as the column's kind.
Outcome<Value> value_for(Kind kind, const std::string& literal) {
    const std::string text = plain(literal);
    if (kind == Kind::kText) {
        return Value(text);
    }
    auto operand = parse_literal(text);
    if (!operand || operand->kind != kind) {
        return bad_uri("The value '" + text + "' does not fit the property's type.");
    }
    return operand->get(Scope{});
}

std::optional<Duration> unit_of(std::string_view name) {
    if (name.ends_with("Minutes")) {
        return minutes(1);
    }
    if (name.ends_with("Hours")) {
        return hours(1);
    }
    if (name.ends_with("Days")) {
        return days(1);
    }
    if (name.ends_with("Weeks")) {
        return days(7);
    }
    return std::nullopt;
}

constexpr Timestamp kForever =
    Timestamp(std::chrono::sys_days(std::chrono::year(9999) / std::chrono::December / 31));

// Last7Days, NextXDays and the like, with X from PropertyValue.
std::optional<Range> counted_range(std::string_view name, std::int64_t count, Timestamp now) {
    const auto unit = unit_of(name);
    if (!unit) {
        return std::nullopt;
    }
    if (name.starts_with("LastX")) {
        return Range{now - *unit * count, now};
    }
    if (name.starts_with("NextX")) {
        return Range{now, now + *unit * count};
    }
    if (name.starts_with("OlderThanX")) {
        return Range{Timestamp(), now - *unit * count};
    }
    return std::nullopt;
}

std::optional<Range> day_range(std::string_view name, Timestamp now) {
    const Timestamp today = floor<days>(now);
    if (name == "Today") {
        return Range{today, today + days(1)};
    }
    if (name == "Yesterday") {
        return Range{today - days(1), today};
    }
    if (name == "Tomorrow") {
        return Range{today + days(1), today + days(2)};
    }
    if (name == "Last7Days") {
        return Range{today - days(7), now};
    }
    if (name == "Next7Days") {
        return Range{now, today + days(8)};
    }
    return std::nullopt;
}

std::optional<Range> anchored_range(std::string_view name, Timestamp at) {
    const Timestamp day = floor<days>(at);
    if (name == "On") {
        return Range{day, day + days(1)};
    }
    if (name == "OnOrAfter") {
        return Range{day, kForever};
    }
    if (name == "OnOrBefore") {
        return Range{Timestamp(), day + days(1)};
    }
    return std::nullopt;
}

Predicate within(Operand subject, Range range) {
    return [get = std::move(subject.get), range](const Scope& scope) {
        const Value value = get(scope);
        const auto* at = std::get_if<Timestamp>(&value);
        return at != nullptr && *at >= range.from && *at < range.until;
    };
}

Predicate one_of(Operand subject, std::vector<Value> values, bool wanted) {
    return [get = std::move(subject.get), values = std::move(values), wanted](const Scope& scope) {
        const Value value = get(scope);
        const bool found = std::any_of(values.begin(), values.end(), [&](const Value& each) {
            return compare_values(each, value) == 0;
        });
        return found == wanted;
    };
}

Predicate between(Operand subject, std::vector<Value> values, bool wanted) {
    return [get = std::move(subject.get), values = std::move(values), wanted](const Scope& scope) {
        const Value value = get(scope);
        if (value.index() == 0) {
            return false;
        }
        const bool inside =
            compare_values(value, values[0]) >= 0 && compare_values(value, values[1]) <= 0;
        return inside == wanted;
    };
}

Outcome<std::vector<Value>> all_values(const QueryFunction& function, Kind kind) {
    std::vector<Value> out;
    for (const char* name : {"PropertyValues", "PropertyValue"}) {
        const auto given = function.arguments.find(name);
        if (given == function.arguments.end()) {
            continue;
        }
        for (const std::string& literal : given->second) {
            auto value = value_for(kind, literal);
            if (!value) {
                return tl::unexpected<ServiceError>(value.error());
            }
            out.push_back(std::move(*value));
        }
    }
    return out;
}

// Date functions: those with a count, those with a day, those with neither.
Outcome<Predicate> date_function(
    const FilterContext& context, const QueryFunction& function, Operand subject
) {
    if (const auto range = day_range(function.name, context.now)) {
        return within(std::move(subject), *range);
    }
    const auto given = function.arguments.find("PropertyValue");
    if (given != function.arguments.end() && given->second.size() == 1) {
        const std::string text = plain(given->second.front());
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error == std::errc() && end == text.data() + text.size() && count > 0 &&
            count < 1'000'000) {
            if (const auto range = counted_range(function.name, count, context.now)) {
                return within(std::move(subject), *range);
            }
        }
        if (const auto at = parse_utc(text)) {
            if (const auto range = anchored_range(function.name, *at)) {
                return within(std::move(subject), *range);
            }
        }
    }
    return bad_uri(
        "The query function Microsoft.Dynamics.CRM." + function.name +
        " is unknown here or its arguments do not fit."
    );
}

}  // namespace

Outcome<Predicate> make_query_function(
    const FilterContext& context, const Table& table, const QueryFunction& function
) {
    const auto property = function.arguments.find("PropertyName");
    if (property == function.arguments.end() || property->second.size() != 1) {
        return bad_uri("Microsoft.Dynamics.CRM." + function.name + " needs PropertyName.");
    }
    const std::string name = plain(property->second.front());
    const Column* column = table.column(name);
    auto subject =
        parse_path(*context.schema, table, column == nullptr ? name : column->property());
    if (!subject) {
        return tl::unexpected<ServiceError>(subject.error());
    }
    const bool users = function.name == "EqualUserId" || function.name == "NotEqualUserId";
    if (users) {
        return one_of(
            std::move(*subject), {Value(context.user_id)}, function.name == "EqualUserId"
        );
    }
    const bool lists = function.name == "In" || function.name == "NotIn";
    const bool ranges = function.name == "Between" || function.name == "NotBetween";
    if (!lists && !ranges) {
        return date_function(context, function, std::move(*subject));
    }
    auto values = all_values(function, subject->kind);
    if (!values) {
        return tl::unexpected<ServiceError>(values.error());
    }
    if (lists) {
        return one_of(std::move(*subject), std::move(*values), function.name == "In");
    }
    if (values->size() != 2) {
        return bad_uri("Microsoft.Dynamics.CRM." + function.name + " needs two PropertyValues.");
    }
    return between(std::move(*subject), std::move(*values), function.name == "Between");
}

}  // namespace tideway::connectors::dataverse::sandbox
