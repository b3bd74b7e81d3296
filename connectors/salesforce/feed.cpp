#include "connectors/salesforce/feed.h"

#include <algorithm>

#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

constexpr std::chrono::minutes kShortest{1};

std::string offset_time(Timestamp at) {
    std::string text = format_utc(std::chrono::floor<std::chrono::seconds>(at));
    text.pop_back();
    return text + "+00:00";
}

// Salesforce writes 2013-05-08T21:20:00.000+0000.
Json utc(const Json& body, std::string_view key) {
    const auto at = parse_utc(string_or(body, key));
    return at ? Json(format_utc(*at)) : Json();
}

Json deleted_records(const Json& list) {
    Json out = Json::array();
    for (const Json& record : list) {
        out.push_back({{"id", string_or(record, "id")}, {"deleted_at", utc(record, "deletedDate")}}
        );
    }
    return out;
}

}  // namespace

std::string feed_url(
    const Requests& requests, std::string_view object, Feed feed, const TimeSpan& span
) {
    const Timestamp end = std::max(span.end, span.start + kShortest);
    return requests.object_url(object) + (feed == Feed::kUpdated ? "/updated/" : "/deleted/") +
           connector::print_options({{"start", offset_time(span.start)}, {"end", offset_time(end)}}
           );
}

tl::expected<Json, connector::Failed> read_feed_answer(const http::Response& response, Feed feed) {
    const auto body = read_object(response);
    const char* key = feed == Feed::kUpdated ? "ids" : "deletedRecords";
    const Json* list = body ? find(*body, key) : nullptr;
    if (list == nullptr || !list->is_array() || utc(*body, "latestDateCovered").is_null()) {
        return tl::unexpected(connector::unreadable(response, key, model::EffectClass::kRead));
    }
    Json out = {{"covered_until", utc(*body, "latestDateCovered")}};
    if (feed == Feed::kUpdated) {
        out["ids"] = *list;
    } else {
        out["records"] = deleted_records(*list);
        out["kept_since"] = utc(*body, "earliestDateAvailable");
    }
    return out;
}

}  // namespace tideway::connectors::salesforce
