// The feeds of an object: which records were saved, or deleted, between two times. Salesforce looks
// at whole minutes and answers up to when its answer is complete. Pure; thread: any.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "connectors/salesforce/requests.h"

namespace tideway::connectors::salesforce {

enum class Feed { kUpdated, kDeleted };

struct TimeSpan {
    Timestamp start;
    Timestamp end;
};

// Salesforce keeps the feeds for so long.
inline constexpr std::chrono::hours kFeedKept{24 * 30};

// A span shorter than a minute is made one.
std::string feed_url(
    const Requests& requests, std::string_view object, Feed feed, const TimeSpan& span
);

// Updated: {"ids":[..],"covered_until"}; deleted: {"records":[{"id","deleted_at"}],"covered_until",
// "kept_since"}. Times are ISO 8601 with Z.
tl::expected<Json, connector::Failed> read_feed_answer(const http::Response& response, Feed feed);

}  // namespace tideway::connectors::salesforce
