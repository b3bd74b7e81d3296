#include "connectors/salesforce/page.h"

#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

using model::EffectClass;

// A locator is a path of this organization: "/services/data/v62.0/query/01g...-2000".
bool is_locator(const std::string& path, const Requests& requests) {
    const std::string root = "/services/data/" + requests.version() + "/query";
    return path.starts_with(root) && path.find("..") == std::string::npos &&
           path.find_first_of("\r\n# ") == std::string::npos;
}

}  // namespace

tl::expected<Page, connector::Failed> read_page(
    const http::Response& response, const Requests& requests
) {
    if (!is_success(response)) {
        return tl::unexpected(answered(response, EffectClass::kRead, requests.now()));
    }
    const auto body = read_object(response);
    const Json* records = body ? find(*body, "records") : nullptr;
    if (records == nullptr || !records->is_array()) {
        return tl::unexpected(connector::unreadable(response, "query", EffectClass::kRead));
    }
    Page page;
    page.records = *records;
    page.total = int_or(*body, "totalSize", 0);
    const std::string next = string_or(*body, "nextRecordsUrl");
    if (next.empty() || bool_or(*body, "done", false)) {
        return page;
    }
    if (!is_locator(next, requests)) {
        connector::Failed failed = connector::refused(
            "ForeignLink",
            "The link to the next page leads away from the organization: " + next,
            "Set base_url to the organization's own address."
        );
        failed.error.kind = ErrorKind::kForbidden;
        return tl::unexpected(failed);
    }
    page.next_url = requests.instance_url() + next;
    return page;
}

}  // namespace tideway::connectors::salesforce
