// GET /referrals: $filter, $orderby, $select, $top, $skip, $count and pages by $skiptoken.
#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "connectors/partner_center/sandbox_filter.h"
#include "connectors/partner_center/sandbox_referrals.h"
#include "connectors/partner_center/sandbox_rules.h"
#include "engine/base/digest.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

enum class Direction { kAscending, kDescending };

struct Order {
    std::string field;
    Direction direction = Direction::kAscending;
};

struct Query {
    std::unique_ptr<Filter> filter;
    std::vector<std::string> select;
    std::vector<Order> orders;
    std::optional<std::size_t> top;
    std::size_t skip = 0;
    bool count = false;
};

std::string trimmed(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return std::string(text);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (std::string part = trimmed(text.substr(0, end)); !part.empty()) {
            out.push_back(std::move(part));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

Outcome<std::size_t> read_number(const std::string& name, const std::string& text) {
    std::size_t out = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, out);
    if (error != std::errc() || at != end) {
        return refuse("The value '" + text + "' of " + name + " is not a number.", "invalidQuery");
    }
    return out;
}

std::optional<ApiError> read_select(Query& query, const std::string& text) {
    for (std::string& name : split(text, ',')) {
        if (!is_field(name)) {
            return ApiError{
                400,
                "invalidRequest",
                "A referral has no property '" + name + "'.",
                "invalidQuery"};
        }
        query.select.push_back(std::move(name));
    }
    return std::nullopt;
}

std::optional<ApiError> read_orders(Query& query, const std::string& text) {
    for (const std::string& item : split(text, ',')) {
        const std::vector<std::string> words = split(item, ' ');
        const bool known = words[0] == "createdDateTime" || words[0] == "updatedDateTime";
        const std::string direction = words.size() > 1 ? words[1] : "asc";
        if (!known || words.size() > 2 || (direction != "asc" && direction != "desc")) {
            return ApiError{
                400,
                "invalidRequest",
                "Ordering by '" + item + "' is not supported.",
                "unsupportedOrder"};
        }
        query.orders.push_back(
            {words[0], direction == "desc" ? Direction::kDescending : Direction::kAscending}
        );
    }
    return std::nullopt;
}

// {"s":skip} as an opaque text.
std::string write_token(std::size_t skip) {
    return to_base64url(dump(Json{{"s", skip}, {"v", 1}}));
}

Outcome<std::size_t> read_token(const std::string& text) {
    const auto bytes = from_base64(text);
    const auto content = parse_json(bytes.value_or(""), "the skip token");
    const std::int64_t skip = content ? int_or(*content, "s", -1) : -1;
    if (skip < 0) {
        return refuse("The $skiptoken is not one that this service issued.", "invalidQuery");
    }
    return static_cast<std::size_t>(skip);
}

template <typename T>
std::optional<ApiError> keep(Outcome<T> outcome, T& into) {
    if (!outcome) {
        return std::move(outcome.error());
    }
    into = std::move(*outcome);
    return std::nullopt;
}

std::optional<ApiError> read_option(
    Query& query, const std::string& name, const std::string& value
) {
    if (name == "$filter") {
        return keep(parse_filter(value), query.filter);
    }
    if (name == "$select") {
        return read_select(query, value);
    }
    if (name == "$orderby") {
        return read_orders(query, value);
    }
    if (name == "$top") {
        query.top = 0;
        return keep(read_number(name, value), *query.top);
    }
    if (name == "$skip") {
        return keep(read_number(name, value), query.skip);
    }
    if (name == "$count") {
        query.count = value == "true";
        return std::nullopt;
    }
    if (name == "$expand" || name == "$skiptoken" || !name.starts_with('$')) {
        return std::nullopt;
    }
    return ApiError{
        400, "invalidRequest", "The query option '" + name + "' is not supported.", "invalidQuery"};
}

struct Row {
    const Referral* referral = nullptr;
    const Json* shown = nullptr;
};

bool comes_before(const Row& a, const Row& b, const std::vector<Order>& orders) {
    for (const Order& order : orders) {
        const std::string left = string_or(*a.shown, order.field);
        const std::string right = string_or(*b.shown, order.field);
        if (left != right) {
            return order.direction == Direction::kAscending ? left < right : left > right;
        }
    }
    return a.referral->sequence < b.referral->sequence;
}

std::vector<Row> rows_of(const ReferralBook& book, const Query& query, const Viewer& viewer) {
    std::vector<Row> out;
    for (const Referral& referral : book.all()) {
        const Json* shown = book.listed(referral);
        if (shown != nullptr && viewer.sees(*shown) &&
            (query.filter == nullptr || query.filter->matches(*shown))) {
            out.push_back({&referral, shown});
        }
    }
    std::ranges::sort(out, [&](const Row& a, const Row& b) {
        return comes_before(a, b, query.orders);
    });
    return out;
}

Json selected(const Json& dressed, const std::vector<std::string>& names) {
    if (names.empty()) {
        return dressed;
    }
    Json out = Json::object();
    for (const std::string& name : names) {
        if (const Json* value = find(dressed, name)) {
            out[name] = *value;
        }
    }
    return out;
}

}  // namespace

Outcome<Page> list_referrals(
    const ReferralBook& book,
    const http::QueryFields& fields,
    const Viewer& viewer,
    std::size_t page_size,
    const std::function<Json(const Json&)>& dress
) {
    Query query;
    std::size_t start = 0;
    for (const auto& [name, value] : fields) {
        if (auto error = read_option(query, name, value)) {
            return tl::unexpected<ApiError>(std::move(*error));
        }
        if (name == "$skiptoken") {
            if (auto error = keep(read_token(value), start)) {
                return tl::unexpected<ApiError>(std::move(*error));
            }
        }
    }
    const std::vector<Row> rows = rows_of(book, query, viewer);
    const std::size_t begin = std::min(std::max(start, query.skip), rows.size());
    const std::size_t wanted =
        query.top ? std::min(rows.size(), query.skip + *query.top) : rows.size();
    const std::size_t end = std::min(wanted, begin + page_size);
    Page out{{{"value", Json::array()}}, std::nullopt};
    for (std::size_t i = begin; i < end; ++i) {
        out.body["value"].push_back(selected(dress(*rows[i].shown), query.select));
    }
    if (query.count) {
        out.body["@odata.count"] = rows.size();
    }
    if (end < wanted) {
        out.skip_token = write_token(end);
    }
    return out;
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
