// A page of records as the service answers a query. Pure; thread: any.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "connectors/salesforce/requests.h"
#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

struct Page {
    Json records = Json::array();  // as the service has them
    std::int64_t total = 0;        // of all pages
    std::string next_url;          // empty: this was the last
};

// A link to the next page that leads away from the organization's queries is refused (code
// "ForeignLink"): the access token would go with it.
tl::expected<Page, connector::Failed> read_page(
    const http::Response& response, const Requests& requests
);

}  // namespace tideway::connectors::salesforce
