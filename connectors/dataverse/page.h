// A page of rows as the service answers it. Pure; thread: any.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

struct Page {
    Json rows = Json::array();
    std::string next_link;
    std::string delta_link;
};

// Links that lead away from `set_url` are refused (code "ForeignLink"): the access token would go
// with them.
tl::expected<Page, connector::Failed> read_page(
    const http::Response& response, const std::string& set_url, Timestamp now
);

}  // namespace tideway::connectors::dataverse
