// Collections of the Web API: queries, paging cookies, counts and change tracking.
#include <algorithm>
#include <charconv>

#include <date/date.h>

#include "connectors/dataverse/sandbox_values.h"
#include "connectors/dataverse/sandbox_web_api.h"
#include "engine/base/digest.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

constexpr std::string_view kCookieName = "pagingcookie=\"";

// <cookie pagenumber="2" pagingcookie="..." istracking="False" />; only the middle matters.
std::string make_cookie(const Json& state) {
    return "<cookie pagenumber=\"" + std::to_string(int_or(state, "page", 2)) + "\" " +
           std::string(kCookieName) + to_base64url(dump(state)) + "\" istracking=\"False\" />";
}

Outcome<Json> read_cookie(const std::string& token) {
    if (token.empty()) {
        return Json::object();
    }
    const std::size_t start = token.find(kCookieName);
    const std::size_t from = start == std::string::npos ? start : start + kCookieName.size();
    const std::size_t end = start == std::string::npos ? start : token.find('"', from);
    if (end != std::string::npos) {
        const auto bytes = from_base64(token.substr(from, end - from));
        const auto state = parse_json(bytes.value_or(""), "the paging cookie");
        if (state && state->is_object()) {
            return *state;
        }
    }
    return refuse(400, codes::kInvalidArgument, "Invalid skip token in the query string.");
}

// The request's own options without tokens, then one token.
std::string link_with(
    const std::string& address,
    const http::QueryFields& query,
    const std::string& token_name,
    const std::string& token
) {
    std::string out = address + "?";
    for (const auto& [name, value] : query) {
        if (name != "$skiptoken" && name != "$deltatoken") {
            out += name + "=" + http::encode_component(value) + "&";
        }
    }
    return out + token_name + "=" + http::encode_component(token);
}

void keep_children(
    std::vector<const Row*>& rows,
    const Collection& within,
    const std::string& parent_table,
    const std::string& parent_id
) {
    std::erase_if(rows, [&](const Row* row) {
        const Reference to = reference_of(*row, within.column);
        return to.table != parent_table || to.id != parent_id;
    });
}

}  // namespace

std::string WebApi::new_delta_token() const {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    return std::to_string(database_.version()) + "!" + date::format("%m/%d/%Y %H:%M:%S", now) +
           "!" + std::to_string(to_micros(clock_.now())) + "!" + std::to_string(delta_generation_);
}

Outcome<std::int64_t> WebApi::version_of_token(const std::string& token) const {
    std::vector<std::int64_t> numbers;  // version, (month of the readable time), issued, generation
    for (std::size_t at = 0; at < token.size();
         at = std::min(token.find('!', at), token.size() - 1) + 1) {
        std::int64_t number = -1;
        std::from_chars(token.data() + at, token.data() + token.size(), number);
        numbers.push_back(number);
    }
    if (numbers.size() != 4 || numbers[0] < 0 || numbers[2] < 0) {
        return refuse(400, codes::kInvalidArgument, "Invalid delta token in the query string.");
    }
    const Timestamp at = from_micros(numbers[2]);
    if (numbers[3] != delta_generation_ || at + settings_.delta_lifetime < clock_.now()) {
        return refuse(
            400,
            codes::kExpiredToken,
            "Version stamp associated with the client has expired. Please perform a full sync."
        );
    }
    return numbers[0];
}

// The query of a request that tracks changes; `since` is -1 for the first one.
Outcome<Query> WebApi::tracked_query(const Call& call, const Table& table, std::int64_t& since)
    const {
    auto query = parse_query(call.context, table, call.query);
    since = -1;
    if (!query || (!call.preferences.track_changes && query->delta_token.empty())) {
        return query;
    }
    if (!table.change_tracking) {
        return refuse(
            400,
            codes::kTrackingOff,
            "Entity: " + table.name + " isn't enabled for change tracking."
        );
    }
    if (!query->plain) {
        return refuse(
            400,
            codes::kUnsupported,
            "The options $filter, $orderby, $expand and $top cannot be used with change tracking."
        );
    }
    if (!query->delta_token.empty()) {
        const auto version = version_of_token(query->delta_token);
        if (!version) {
            return tl::unexpected<ServiceError>(version.error());
        }
        since = *version;
        query->filter = [since](const Scope& scope) {
            return int_or(*scope.row, "versionnumber", 0) > since;
        };
    }
    return query;
}

// What a page is cut from, and what its links carry.
struct WebApi::Page {
    Query query;
    std::int64_t since = -1;  // of a delta; -1: none
    Json cookie;
    std::string delta_token;  // for the last page; empty: changes are not tracked
    std::vector<const Row*> rows;
    std::int64_t total = 0;
    bool more = false;
};

Outcome<WebApi::Page> WebApi::find_page(const Call& call, const Table& table) const {
    Page page;
    auto query = tracked_query(call, table, page.since);
    if (!query) {
        return tl::unexpected<ServiceError>(query.error());
    }
    page.query = std::move(*query);
    auto cookie = read_cookie(page.query.skip_token);
    if (!cookie) {
        return tl::unexpected<ServiceError>(cookie.error());
    }
    page.cookie = std::move(*cookie);
    const bool tracks = call.preferences.track_changes || page.since >= 0;
    // The token of the first page: what changes while the pages are read comes again.
    page.delta_token = string_or(page.cookie, "delta", tracks ? new_delta_token() : "");
    page.rows = run_query(database_, page.query, page.cookie.value("after", Json()));
    return page;
}

void WebApi::cut_page(const Call& call, Page& page) const {
    page.total = static_cast<std::int64_t>(page.rows.size()) + int_or(page.cookie, "seen", 0);
    const std::size_t wanted =
        page.query.top.value_or(call.preferences.page_size.value_or(settings_.page_size));
    const std::size_t size = std::min(wanted, settings_.page_size);
    page.more = page.rows.size() > size && !page.query.top;
    page.rows.resize(std::min(page.rows.size(), size));
}

void WebApi::add_counts(const Call& call, const Page& page, Json& body) const {
    const auto most = static_cast<std::int64_t>(settings_.count_most);
    if (page.query.count) {
        body["@odata.count"] = std::min(page.total, most);
    }
    if (call.preferences.annotations.wants("Microsoft.Dynamics.CRM.totalrecordcount")) {
        body["@Microsoft.Dynamics.CRM.totalrecordcount"] =
            page.query.count ? std::min(page.total, most) : -1;
        body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] =
            page.query.count && page.total > most;
    }
}

void WebApi::add_links(const Call& call, const Page& page, Json& body) const {
    const std::string address = call.request.root + "/" + call.request.path;
    if (page.more) {
        const Json next = {
            {"after", position_of(database_, page.query, *page.rows.back())},
            {"page", int_or(page.cookie, "page", 1) + 1},
            {"seen", int_or(page.cookie, "seen", 0) + static_cast<std::int64_t>(page.rows.size())},
            {"delta", page.delta_token}};
        std::string link = link_with(address, call.query, "$skiptoken", make_cookie(next));
        if (page.since >= 0) {
            link += "&$deltatoken=" + http::encode_component(page.query.delta_token);
        }
        body["@odata.nextLink"] = link;
    } else if (!page.delta_token.empty()) {
        body["@odata.deltaLink"] = link_with(address, call.query, "$deltatoken", page.delta_token);
    }
}

WebApi::Answer WebApi::list(
    const Call& call, const Table& table, const Collection* within, const Row* parent
) {
    TIDEWAY_DV_TRY(callers_.check(call.request.caller, Privilege::kRead, table));
    auto page = find_page(call, table);
    if (!page) {
        return tl::unexpected<ServiceError>(page.error());
    }
    if (within != nullptr) {
        const Table& from = *database_.schema().by_set(call.path.front().name);
        keep_children(page->rows, *within, from.name, string_or(*parent, from.key));
    }
    cut_page(call, *page);
    const View view{database_, call.preferences.annotations, call.request.root};
    Json values = Json::array();
    for (const Row* row : page->rows) {
        values.push_back(view.row(page->query, *row));
    }
    if (page->since >= 0 && !page->more) {
        const std::string context =
            call.request.root + "/$metadata#" + table.set + "/$deletedEntity";
        for (const std::string& id : database_.deleted_since(table.name, page->since)) {
            values.push_back({{"@odata.context", context}, {"id", id}, {"reason", "deleted"}});
        }
    }
    Json body = {
        {"@odata.context", view.context(page->query) + (page->since >= 0 ? "/$delta" : "")},
        {"value", std::move(values)}};
    add_counts(call, *page, body);
    add_links(call, *page, body);
    return odata_response(200, body, call.preferences);
}

WebApi::Answer WebApi::count(const Call& call, const Table& table) {
    TIDEWAY_DV_TRY(callers_.check(call.request.caller, Privilege::kRead, table));
    std::int64_t since = -1;
    auto query = tracked_query(call, table, since);
    if (!query) {
        return tl::unexpected<ServiceError>(query.error());
    }
    std::size_t total = run_query(database_, *query, nullptr).size();
    if (since >= 0) {
        total += database_.deleted_since(table.name, since).size();
    }
    http::Response out = odata_response(200, {}, Preferences());
    out.headers.set("Content-Type", "text/plain");
    // The service puts a byte order mark in front of the number.
    out.body = "\xEF\xBB\xBF" + std::to_string(std::min(total, settings_.count_most));
    return out;
}

}  // namespace tideway::connectors::dataverse::sandbox
