// Paging through GET /referrals.
#pragma once

#include <string>

#include "connectors/partner_center/requests.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::partner_center {

// The address of the page after the one in `page`; empty: it was the last. The service's link is
// used only when it leads to our own collection (its host, scheme and path are often wrong); else
// the page is asked for with the link's $skiptoken. Code "UnusableNextLink": it has none, so the
// rest of the list cannot be reached.
Result<std::string> next_page(
    const Json& page, const std::string& collection_url, const connector::QueryOptions& options
);

}  // namespace tideway::connectors::partner_center
