// Collections of the Web API: queries, paging cookies, counts and change tracking.
#include <date/date.h>

#include <algorithm>
#include <charconv>

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
    std::vector<const Row*>& rows, const Collection& within, const std::string& parent_table,
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
    return std::to_string(database_.version()) + "!" + date::format("%m/%d/%Y %H:%M:%S", now) + "!" +
           std::to_string(to_micros(clock_.now()));
}

Outcome<std::int64_t> WebApi::version_of_token(const std::string& token) const {
    std::int64_t version = 0;
    std::int64_t issued = 0;
    const std::size_t first = token.find('!');
    const std::size_t last = token.rfind('!');
    const char* text = token.data();
    const bool whole =
        first != std::string::npos && last > first &&
        std::from_chars(text, text + first, version).ec == std::errc() &&
        std::from_chars(text + last + 1, text + token.size(), issued).ec == std::errc();
    if (!whole) {
        return refuse(400, codes::kInvalidArgument, "Invalid delta token in the query string.");
    }
    const Timestamp at = from_micros(issued);
    if (at < delta_floor_ || at + settings_.delta_lifetime < clock_.now()) {
        return refuse(
            400,
            codes::kExpiredToken,
            "Version stamp associated with the client has expired. Please perform a full sync."
        );
    }
    return version;
}

// The query of a request that tracks changes; `since` is -1 for the first one.
Outcome<Query> WebApi::tracked_query(
    const Call& call, const Table& table, std::int64_t& since
) const {
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

WebApi::Answer WebApi::list(
    const Call& call, const Table& table, const Collection* within, const Row* parent
) {
    TIDEWAY_DV_TRY(callers_.check(call.request.caller, Privilege::kRead, table));
    std::int64_t since = -1;
    auto query = tracked_query(call, table, since);
    if (!query) {
        return tl::unexpected<ServiceError>(query.error());
    }
    auto cookie = read_cookie(query->skip_token);
    if (!cookie) {
        return tl::unexpected<ServiceError>(cookie.error());
    }
    const bool tracks = call.preferences.track_changes || since >= 0;
    const std::string token = string_or(*cookie, "delta", tracks ? new_delta_token() : "");
    std::vector<const Row*> rows = run_query(database_, *query, cookie->value("after", Json()));
    if (within != nullptr) {
        const Table& from = *database_.schema().by_set(call.path.front().name);
        keep_children(rows, *within, from.name, string_or(*parent, from.key));
    }
    const std::int64_t before = int_or(*cookie, "seen", 0);
    const auto total = static_cast<std::int64_t>(rows.size()) + before;
    const std::size_t page =
        query->top ? std::min(*query->top, settings_.page_size)
                   : std::min(call.preferences.page_size.value_or(settings_.page_size), settings_.page_size);
    const bool more = rows.size() > page && !query->top;
    rows.resize(std::min(rows.size(), page));

    const View view{database_, call.preferences.annotations, call.request.root};
    Json values = Json::array();
    for (const Row* row : rows) {
        values.push_back(view.row(*query, *row));
    }
    Json body = {{"@odata.context", view.context(*query) + (since >= 0 ? "/$delta" : "")}};
    if (query->count) {
        body["@odata.count"] =
            std::min<std::int64_t>(total, static_cast<std::int64_t>(settings_.count_most));
    }
    if (call.preferences.annotations.wants("Microsoft.Dynamics.CRM.totalrecordcount")) {
        body["@Microsoft.Dynamics.CRM.totalrecordcount"] = query->count ? total : -1;
        body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] =
            total > static_cast<std::int64_t>(settings_.count_most);
    }
    const std::string address = call.request.root + "/" + call.request.path;
    if (more) {
        const Json next = {
            {"after", position_of(database_, *query, *rows.back())},
            {"page", int_or(*cookie, "page", 1) + 1},
            {"seen", before + static_cast<std::int64_t>(rows.size())},
            {"delta", token}};
        std::string link = link_with(address, call.query, "$skiptoken", make_cookie(next));
        if (!query->delta_token.empty()) {
            link += "&$deltatoken=" + http::encode_component(query->delta_token);
        }
        body["@odata.nextLink"] = link;
    } else if (tracks) {
        for (const std::string& id : database_.deleted_since(table.name, since)) {
            if (since >= 0) {
                values.push_back(
                    {{"@odata.context",
                      call.request.root + "/$metadata#" + table.set + "/$deletedEntity"},
                     {"id", id},
                     {"reason", "deleted"}}
                );
            }
        }
        body["@odata.deltaLink"] = link_with(address, call.query, "$deltatoken", token);
    }
    body["value"] = std::move(values);
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
