#include "connectors/dataverse/sandbox_query.h"

#include <algorithm>
#include <charconv>

namespace tideway::connectors::dataverse::sandbox {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

// Splits at a separator outside parentheses and quotes; empty parts are dropped.
std::vector<std::string_view> split_outside(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    std::size_t start = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : separator;
        if (c == '\'') {
            quoted = !quoted;
        }
        depth += !quoted && c == '(' ? 1 : (!quoted && c == ')' ? -1 : 0);
        if (i == text.size() || (c == separator && depth == 0 && !quoted)) {
            const std::string_view part = trimmed(text.substr(start, i - start));
            if (!part.empty()) {
                out.push_back(part);
            }
            start = i + 1;
        }
    }
    return out;
}

class Reader {
  public:
    Reader(const FilterContext& context, const Table& table)
        : context_(context) {
        query_.table = &table;
    }

    Outcome<Query> read(const http::QueryFields& fields) {
        for (const auto& [name, value] : fields) {
            TIDEWAY_DV_TRY(option(name, value));
        }
        return std::move(query_);
    }

  private:
    Outcome<void> option(const std::string& name, const std::string& value) {
        if (name == "$select") {
            return select(value);
        }
        if (name == "$filter") {
            auto filter = parse_filter(context_, *query_.table, value);
            if (!filter) {
                return tl::unexpected<ServiceError>(filter.error());
            }
            query_.filter = std::move(*filter);
            query_.plain = false;
            return {};
        }
        if (name == "$orderby") {
            return order(value);
        }
        if (name == "$top") {
            return top(value);
        }
        if (name == "$count") {
            query_.count = value == "true";
            return {};
        }
        if (name == "$expand") {
            return expand(value);
        }
        if (name == "$skiptoken") {
            query_.skip_token = value;
        } else if (name == "$deltatoken") {
            query_.delta_token = value;
        } else if (name.starts_with('$') || name == "fetchXml") {
            return refuse(
                name == "$skip" ? 400 : 501,
                codes::kUnsupported,
                "The query parameter " + name + " is not supported."
            );
        }
        return {};
    }

    Outcome<void> select(const std::string& value) {
        query_.selects = true;
        query_.select_text = value;
        for (const std::string_view part : split_outside(value, ',')) {
            const Column* column = query_.table->by_property(part);
            const auto navigation = query_.table->navigation(part);
            if (column == nullptr && navigation) {
                column = navigation->column;  // selecting the lookup by its navigation property
            }
            if (column == nullptr || column->access == Access::kWriteOnly) {
                return bad_uri(
                    "Could not find a property named '" + std::string(part) +
                    "' on type 'Microsoft.Dynamics.CRM." + query_.table->name + "'."
                );
            }
            query_.select.push_back(column);
        }
        return {};
    }

    Outcome<void> order(const std::string& value) {
        query_.plain = false;
        for (std::string_view part : split_outside(value, ',')) {
            Order each;
            if (part.ends_with(" desc")) {
                each.descending = true;
                part.remove_suffix(5);
            } else if (part.ends_with(" asc")) {
                part.remove_suffix(4);
            }
            auto by = parse_path(*context_.schema, *query_.table, trimmed(part));
            if (!by) {
                return tl::unexpected<ServiceError>(by.error());
            }
            each.by = std::move(*by);
            query_.order.push_back(std::move(each));
        }
        return {};
    }

    Outcome<void> top(const std::string& value) {
        std::size_t count = 0;
        const char* end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, count);
        if (error != std::errc() || stop != end) {
            return bad_uri("Invalid value '" + value + "' for $top query option found.");
        }
        query_.top = count;
        query_.plain = false;
        return {};
    }

    Outcome<void> expand(const std::string& value) {
        query_.plain = false;
        for (const std::string_view part : split_outside(value, ',')) {
            const std::size_t open = part.find('(');
            Expand each;
            each.name = std::string(part.substr(0, open));
            const Table* target = nullptr;
            if (const auto navigation = query_.table->navigation(each.name)) {
                each.navigation = *navigation;
                target = context_.schema->by_name(navigation->target->table);
            } else if ((each.collection = query_.table->collection(each.name)) != nullptr) {
                target = context_.schema->by_name(each.collection->table);
            }
            if (target == nullptr) {
                return bad_uri(
                    "Could not find a property named '" + each.name +
                    "' on type 'Microsoft.Dynamics.CRM." + query_.table->name + "'."
                );
            }
            auto nested = nested_query(part, open, *target);
            if (!nested) {
                return tl::unexpected<ServiceError>(nested.error());
            }
            each.query = std::make_shared<Query>(std::move(*nested));
            query_.expand.push_back(std::move(each));
        }
        return {};
    }

    Outcome<Query> nested_query(std::string_view part, std::size_t open, const Table& target) {
        http::QueryFields options;
        if (open != std::string_view::npos) {
            const std::string_view inner = part.substr(open + 1, part.size() - open - 2);
            for (const std::string_view option_text : split_outside(inner, ';')) {
                const std::size_t equals = option_text.find('=');
                if (equals == std::string_view::npos) {
                    return bad_uri("$expand has an option without a value.");
                }
                options.emplace_back(option_text.substr(0, equals), option_text.substr(equals + 1));
            }
        }
        return parse_query(context_, target, options);
    }

    const FilterContext& context_;
    Query query_;
};

Json to_json(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) {
        return *flag;
    }
    if (const auto* number = std::get_if<double>(&value)) {
        return *number;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return *text;
    }
    if (const auto* at = std::get_if<Timestamp>(&value)) {
        return {{"at", to_micros(*at)}};
    }
    return nullptr;
}

Value from_json(const Json& value) {
    if (value.is_boolean()) {
        return value.get<bool>();
    }
    if (value.is_number()) {
        return value.get<double>();
    }
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_object()) {
        return from_micros(int_or(value, "at", 0));
    }
    return {};
}

struct Sorted {
    std::vector<Value> keys;  // last: the primary key, so that no two rows are equal
    const Row* row = nullptr;
};

bool comes_before(const Query& query, const std::vector<Value>& a, const std::vector<Value>& b) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const int order = compare_values(a[i], b[i]);
        if (order != 0) {
            const bool descending = i < query.order.size() && query.order[i].descending;
            return descending ? order > 0 : order < 0;
        }
    }
    return false;
}

std::vector<Value> keys_of(const Query& query, const Scope& scope) {
    std::vector<Value> keys;
    for (const Order& order : query.order) {
        keys.push_back(order.by.get(scope));
    }
    keys.emplace_back(string_or(*scope.row, query.table->key));
    return keys;
}

}  // namespace

Outcome<Query> parse_query(
    const FilterContext& context, const Table& table, const http::QueryFields& fields
) {
    return Reader(context, table).read(fields);
}

std::map<std::string, std::string> aliases_of(const http::QueryFields& fields) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : fields) {
        if (name.starts_with('@')) {
            out[name] = value;
        }
    }
    return out;
}

Json position_of(const Database& database, const Query& query, const Row& row) {
    Json out = Json::array();
    for (const Value& key : keys_of(query, Scope{&database, &row, {}})) {
        out.push_back(to_json(key));
    }
    return out;
}

std::vector<const Row*> run_query(const Database& database, const Query& query, const Json& after) {
    std::vector<Value> start;
    if (after.is_array()) {
        std::transform(after.begin(), after.end(), std::back_inserter(start), from_json);
    }
    std::vector<Sorted> found;
    for (const auto& [id, row] : database.rows(query.table->name)) {
        const Scope scope{&database, &row, {}};
        if (query.filter && !query.filter(scope)) {
            continue;
        }
        Sorted each{keys_of(query, scope), &row};
        if (start.empty() || comes_before(query, start, each.keys)) {
            found.push_back(std::move(each));
        }
    }
    std::sort(found.begin(), found.end(), [&](const Sorted& a, const Sorted& b) {
        return comes_before(query, a.keys, b.keys);
    });
    std::vector<const Row*> out;
    out.reserve(found.size());
    std::transform(found.begin(), found.end(), std::back_inserter(out), [](const Sorted& each) {
        return each.row;
    });
    return out;
}

}  // namespace tideway::connectors::dataverse::sandbox
