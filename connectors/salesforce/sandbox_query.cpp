#include "connectors/salesforce/sandbox_query.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace tideway::connectors::salesforce::sandbox {
namespace {

const Json kNull;

// A value behind a path, and the field that says its type.
struct Place {
    const Field* field = nullptr;
    const Json* value = &kNull;
};

tl::unexpected<Refusal> no_such_field(const std::string& path, const Object& object) {
    return refuse(
        400,
        "INVALID_FIELD",
        "No such column '" + path + "' on entity '" + object.name +
            "'. If you are attempting to use a custom field, be sure to append the '__c' after "
            "the custom field name."
    );
}

// Null record: only whether the path leads somewhere.
Outcome<Place> place_of(
    const Store& store, const Object& object, const Json& record, const std::string& path
) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) {
        const Field* field = object.field(path);
        if (field == nullptr) {
            return no_such_field(path, object);
        }
        const Json* value = find(record, field->name);
        return Place{field, value == nullptr ? &kNull : value};
    }
    const std::string first = path.substr(0, dot);
    const std::string rest = path.substr(dot + 1);
    if (same_name(first, object.name)) {  // Opportunity.Name in a query of Opportunity
        return place_of(store, object, record, rest);
    }
    const Field* reference = object.reference(first);
    const Object* parent =
        reference == nullptr ? nullptr : store.schema().object(reference->refers_to);
    if (parent == nullptr) {
        return refuse(
            400, "INVALID_FIELD", "Didn't understand relationship '" + first + "' in field path."
        );
    }
    const Json* above = store.find_record(*parent, string_or(record, reference->name));
    return place_of(store, *parent, above == nullptr ? kNull : *above, rest);
}

bool is_time(const Field& field) {
    return field.type == "date" || field.type == "datetime";
}

bool is_number(const Field& field) {
    return field.type == "int" || field.type == "double" || field.type == "currency" ||
           field.type == "percent";
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : dump(value);
}

// % any text, _ any character, without case.
bool is_like(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) {
        return text.empty();
    }
    if (pattern[0] == '%') {
        for (std::size_t i = 0; i <= text.size(); ++i) {
            if (is_like(text.substr(i), pattern.substr(1))) {
                return true;
            }
        }
        return false;
    }
    const bool is_escaped = pattern[0] == '\\' && pattern.size() > 1;
    const char wanted = is_escaped ? pattern[1] : pattern[0];
    const bool is_any = !is_escaped && wanted == '_';
    return !text.empty() && (is_any || text[0] == wanted) &&
           is_like(text.substr(1), pattern.substr(is_escaped ? 2 : 1));
}

// Less, equal, greater as -1, 0, 1; nothing where one is null.
std::optional<int> compare(const Field& field, const Json& value, const Literal& literal) {
    const auto sign = [](auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; };
    if (value.is_null() || literal.kind == Literal::Kind::kNull) {
        return std::nullopt;
    }
    if (is_time(field)) {
        const auto at = parse_utc(text_of(value));
        return at ? std::optional(sign(*at, literal.time)) : std::nullopt;
    }
    if (is_number(field)) {
        return sign(value.is_number() ? value.get<double>() : 0.0, literal.number);
    }
    if (field.type == "boolean") {
        return sign(value.is_boolean() && value.get<bool>() ? 1 : 0, literal.truth ? 1 : 0);
    }
    std::string wanted = literal.text;
    if (field.type == "id" || field.type == "reference") {
        wanted = wanted.size() == 15 ? full_id(wanted) : wanted;
        return sign(text_of(value), wanted);
    }
    return sign(lower(text_of(value)), lower(wanted));
}

bool fits(const Field& field, const Literal& literal) {
    switch (literal.kind) {
        case Literal::Kind::kNull:
            return true;
        case Literal::Kind::kDate:
        case Literal::Kind::kDateTime:
            return is_time(field);
        case Literal::Kind::kNumber:
            return is_number(field);
        case Literal::Kind::kBoolean:
            return field.type == "boolean";
        case Literal::Kind::kText:
            return !is_time(field) && !is_number(field) && field.type != "boolean";
    }
    return false;
}

bool is_met(const Place& place, Comparison comparison, const Literal& literal) {
    const bool is_null =
        place.value->is_null() || (place.value->is_string() && text_of(*place.value).empty());
    const bool wants_null = literal.kind == Literal::Kind::kNull;
    if (comparison == Comparison::kEqual || comparison == Comparison::kIn) {
        return wants_null ? is_null : compare(*place.field, *place.value, literal) == 0;
    }
    if (comparison == Comparison::kNotEqual) {
        return wants_null ? !is_null : compare(*place.field, *place.value, literal) != 0;
    }
    if (comparison == Comparison::kLike) {
        return !is_null && is_like(lower(text_of(*place.value)), lower(literal.text));
    }
    const auto order = compare(*place.field, *place.value, literal);
    if (!order) {
        return false;
    }
    switch (comparison) {
        case Comparison::kLess:
            return *order < 0;
        case Comparison::kLessOrEqual:
            return *order <= 0;
        case Comparison::kGreater:
            return *order > 0;
        default:
            return *order >= 0;
    }
}

Outcome<bool> holds(
    const Store& store, const Object& object, const Json& record, const Condition& condition
) {
    if (condition.kind != Condition::Kind::kComparison) {
        bool all = true;
        bool any = false;
        for (const Condition& part : condition.parts) {
            const auto one = holds(store, object, record, part);
            if (!one) {
                return one;
            }
            all = all && *one;
            any = any || *one;
        }
        return condition.kind == Condition::Kind::kAnd  ? all
               : condition.kind == Condition::Kind::kOr ? any
                                                        : !all;
    }
    const auto place = place_of(store, object, record, condition.field);
    if (!place) {
        return tl::unexpected<Refusal>(place.error());
    }
    if (place->field->type == "textarea" && place->field->length > 255) {
        return refuse(
            400,
            "INVALID_FIELD",
            "field '" + place->field->name + "' can not be filtered in a query call"
        );
    }
    bool any = false;
    for (const Literal& value : condition.values) {
        if (!fits(*place->field, value)) {
            return refuse(
                400,
                "INVALID_FIELD",
                "value of filter criterion for field '" + place->field->name +
                    "' must be of type " + place->field->type + " and should " +
                    (is_time(*place->field) || is_number(*place->field) ? "not " : "") +
                    "be enclosed in quotes"
            );
        }
        const Comparison comparison =
            condition.comparison == Comparison::kNotIn ? Comparison::kIn : condition.comparison;
        any = any || is_met(*place, comparison, value);
    }
    return condition.comparison == Comparison::kNotIn ? !any : any;
}

// Nulls first unless the order says otherwise.
int order_of(const Field& field, const Json& a, const Json& b, const Order& order) {
    if (a.is_null() || b.is_null()) {
        if (a.is_null() && b.is_null()) {
            return 0;
        }
        return a.is_null() == order.nulls_last ? 1 : -1;
    }
    int out = 0;
    if (is_number(field)) {
        out = a < b ? -1 : b < a ? 1 : 0;
    } else {
        const std::string x = lower(text_of(a));
        const std::string y = lower(text_of(b));
        out = x < y ? -1 : y < x ? 1 : 0;
    }
    return order.is_descending ? -out : out;
}

Outcome<bool> check_order(const Store& store, const Object& object, const Select& select) {
    for (const Order& order : select.order) {
        if (const auto place = place_of(store, object, kNull, order.field); !place) {
            return tl::unexpected<Refusal>(place.error());
        }
    }
    return true;
}

void sort_rows(
    const Store& store, const Object& object, const Select& select, std::vector<const Json*>& rows
) {
    std::ranges::stable_sort(rows, [&](const Json* a, const Json* b) {
        for (const Order& order : select.order) {
            const auto x = place_of(store, object, *a, order.field);
            const auto y = place_of(store, object, *b, order.field);
            const int sign = order_of(*x->field, *x->value, *y->value, order);
            if (sign != 0) {
                return sign < 0;
            }
        }
        return false;
    });
}

Json attributes_of(const Object& object, const Json& record, const std::string& root) {
    return {
        {"type", object.name},
        {"url", root + "/sobjects/" + object.name + "/" + string_or(record, "Id")}};
}

// "Account.Name" as {"Account":{"attributes":..,"Name":..}}.
Outcome<bool> put_path(
    const Store& store,
    const Object& object,
    const Json& record,
    const std::string& path,
    const std::string& root,
    Json& out
) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) {
        const auto place = place_of(store, object, record, path);
        if (!place) {
            return tl::unexpected<Refusal>(place.error());
        }
        out[place->field->name] = *place->value;
        return true;
    }
    const std::string first = path.substr(0, dot);
    if (same_name(first, object.name)) {
        return put_path(store, object, record, path.substr(dot + 1), root, out);
    }
    if (const auto place = place_of(store, object, record, path); !place) {
        return tl::unexpected<Refusal>(place.error());
    }
    const Field* reference = object.reference(first);
    const Object* parent = store.schema().object(reference->refers_to);
    const Json* above = store.find_record(*parent, string_or(record, reference->name));
    if (above == nullptr) {
        out[reference->relationship] = nullptr;
        return true;
    }
    Json& nested = out[reference->relationship];
    nested["attributes"] = attributes_of(*parent, *above, root);
    return put_path(store, *parent, *above, path.substr(dot + 1), root, nested);
}

std::vector<std::string> all_fields(const Object& object, const Select& select) {
    std::vector<std::string> out = select.fields;
    for (const std::string& group : select.groups) {
        for (const Field& field : object.fields) {
            const bool is_wanted =
                same_name(group, "ALL") ||
                (same_name(group, "CUSTOM") ? field.is_custom() : !field.is_custom());
            if (is_wanted) {
                out.push_back(field.name);
            }
        }
    }
    return out;
}

Outcome<std::vector<const Json*>> matching(
    const Store& store, const Object& object, const Select& select, Deleted deleted
) {
    if (select.where) {  // also where there are no records
        if (const auto sound = holds(store, object, kNull, *select.where); !sound) {
            return tl::unexpected<Refusal>(sound.error());
        }
    }
    std::vector<const Json*> out;
    for (const auto& [id, record] : store.records(object)) {
        if (deleted == Deleted::kHidden && bool_or(record, "IsDeleted", false)) {
            continue;
        }
        const auto held = select.where ? holds(store, object, record, *select.where) : true;
        if (held && *held) {
            out.push_back(&record);
        }
    }
    return out;
}

}  // namespace

Outcome<Json> shown_record(
    const Store& store,
    const Object& object,
    const Json& record,
    const std::vector<std::string>& fields,
    const std::string& root
) {
    Json out = {{"attributes", attributes_of(object, record, root)}};
    if (fields.empty() && record.is_object()) {
        out.update(record);
    }
    for (const std::string& path : fields) {
        if (const auto put = put_path(store, object, record, path, root, out); !put) {
            return tl::unexpected<Refusal>(put.error());
        }
    }
    return out;
}

Outcome<Found> run_query(
    const Store& store, const Select& select, Deleted deleted, const std::string& root
) {
    const Object* object = store.schema().object(select.object);
    if (object == nullptr) {
        return refuse(
            400, "INVALID_TYPE", "sObject type '" + select.object + "' is not supported."
        );
    }
    const bool is_all = std::ranges::any_of(select.groups, [](const std::string& group) {
        return !same_name(group, "STANDARD");
    });
    if (is_all && select.limit.value_or(201) > 200) {
        return refuse(
            400, "MALFORMED_QUERY", "FIELDS(ALL) and FIELDS(CUSTOM) need a LIMIT of at most 200."
        );
    }
    if (const auto sound = check_order(store, *object, select); !sound) {
        return tl::unexpected<Refusal>(sound.error());
    }
    auto rows = matching(store, *object, select, deleted);
    if (!rows) {
        return tl::unexpected<Refusal>(rows.error());
    }
    sort_rows(store, *object, select, *rows);
    rows->erase(
        rows->begin(),
        rows->begin() + static_cast<std::ptrdiff_t>(std::min(select.offset, rows->size()))
    );
    rows->resize(std::min(select.limit.value_or(rows->size()), rows->size()));
    Found found{select.is_count, rows->size(), {}};
    const std::vector<std::string> fields = all_fields(*object, select);
    if (const auto sound = shown_record(store, *object, kNull, fields, root); !sound) {
        return tl::unexpected<Refusal>(sound.error());
    }
    for (const Json* row : select.is_count ? std::vector<const Json*>() : *rows) {
        found.records.push_back(*shown_record(store, *object, *row, fields, root));
    }
    return found;
}

}  // namespace tideway::connectors::salesforce::sandbox
