#include "connectors/dataverse/page.h"

#include "connectors/dataverse/requests.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Failed;

Failed foreign_link(const std::string& link) {
    Failed failed = connector::refused(
        "ForeignLink",
        "The link to the next page leads away from the environment: " + link,
        "Set base_url to the address under which the environment names itself."
    );
    failed.error.kind = ErrorKind::kForbidden;
    return failed;
}

}  // namespace

tl::expected<Page, Failed> read_page(
    const http::Response& response, const std::string& set_url, Timestamp now
) {
    if (!is_success(response)) {
        return tl::unexpected(answered(response, model::EffectClass::kRead, now));
    }
    const auto body = read_object(response);
    const Json* value = body ? find(*body, "value") : nullptr;
    if (value == nullptr || !value->is_array()) {
        return tl::unexpected(
            connector::unreadable(response, "list rows", model::EffectClass::kRead)
        );
    }
    Page page;
    page.rows = *value;
    page.next_link = string_or(*body, "@odata.nextLink");
    page.delta_link = string_or(*body, "@odata.deltaLink");
    for (const std::string& link : {page.next_link, page.delta_link}) {
        if (!link.empty() && !connector::leads_to(link, set_url)) {
            return tl::unexpected(foreign_link(link));
        }
    }
    return page;
}

}  // namespace tideway::connectors::dataverse
