#include "connectors/partner_center/referral_list.h"

#include <algorithm>
#include <cstdint>

#include "connectors/partner_center/referrals.h"
#include "engine/base/limits.h"
#include "engine/connector/chained_exchange.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;

class ListReferrals final : public connector::ChainedExchange {
  public:
    explicit ListReferrals(const connector::Call& call)
        : requests_(call),
          options_({
              {"$filter", connector::option_text(call.input, "filter")},
              {"$select", connector::option_text(call.input, "select")},
              {"$orderby", connector::option_text(call.input, "orderby")},
              {"$top", connector::option_text(call.input, "top")},
          }) {
        const auto most = static_cast<std::int64_t>(limits::kForeachItemsMax);
        asked_max_ = int_or(call.input, "max_items", 0);
        const std::int64_t top = int_or(call.input, "top", most + 1);
        max_ = std::min(asked_max_ > 0 ? asked_max_ : most + 1, top);
    }

    Turn begin() override {
        connector::QueryOptions first = options_;
        first.emplace_back("$count", "true");
        return page(requests_.referrals_url() + connector::print_options(first));
    }

  private:
    Turn page(const std::string& url) {
        url_ = url;
        return ask(requests_.get_referrals(url), [this](const http::Response& r) {
            return read(r);
        });
    }

    Turn read(const http::Response& response) {
        if (!is_success(response)) {
            return answered(response, model::EffectClass::kRead, requests_.now());
        }
        const auto body = read_object(response);
        const Json* value = body ? find(*body, "value") : nullptr;
        if (value == nullptr || !value->is_array()) {
            return connector::unreadable(response, "list referrals", model::EffectClass::kRead);
        }
        if (const Json* count = find(*body, "@odata.count"); count != nullptr) {
            count_ = *count;
        }
        for (const Json& referral : *value) {
            if (size() < max_) {
                referrals_.push_back(referral);
            }
        }
        return size() < max_ ? go_on(*body) : finish();
    }

    Turn go_on(const Json& body) {
        auto next = next_page(body, requests_.referrals_url(), options_);
        if (!next) {
            return connector::Failed{std::move(next.error()), model::AttemptClass::kNotDone};
        }
        return next->empty() || *next == url_ ? finish() : page(*next);
    }

    Turn finish() {
        if (size() > limits::kForeachItemsMax) {
            connector::Failed failed = connector::refused(
                "TooManyItems",
                "More than " + std::to_string(limits::kForeachItemsMax) +
                    " referrals match the filter.",
                "Narrow the filter, or say with max_items how many are wanted."
            );
            failed.error.kind = ErrorKind::kLimit;
            return failed;
        }
        Json output = {{"referrals", std::move(referrals_)}};
        if (!count_.is_null()) {
            output["count"] = count_;
        }
        return Done{to_payload(output), {}};
    }

    std::int64_t size() const { return static_cast<std::int64_t>(referrals_.size()); }

    Requests requests_;
    connector::QueryOptions options_;
    std::int64_t asked_max_ = 0;
    std::int64_t max_ = 0;
    std::string url_;
    Json referrals_ = Json::array();
    Json count_;
};

// The token wherever it stands: Microsoft's links have lost their '?' before.
std::string skip_token_of(std::string_view link) {
    for (const std::string_view name : {"$skiptoken=", "%24skiptoken="}) {
        const std::size_t at = link.find(name);
        if (at != std::string_view::npos) {
            link.remove_prefix(at + name.size());
            return http::decode_component(link.substr(0, link.find('&')));
        }
    }
    return {};
}

}  // namespace

Result<std::string> next_page(
    const Json& page, const std::string& collection_url, const connector::QueryOptions& options
) {
    const std::string link = string_or(page, "@odata.nextLink");
    if (link.empty() || connector::leads_to(link, collection_url)) {
        return link;
    }
    const std::string token = skip_token_of(link);
    if (token.empty()) {
        return fail(
            ErrorKind::kUnavailable,
            "UnusableNextLink",
            "Partner Center's link to the next page leads elsewhere and has no $skiptoken: " + link,
            "Check the connection's base address, or ask for one page with `top`."
        );
    }
    connector::QueryOptions next = options;
    next.emplace_back("$skiptoken", token);
    return collection_url + connector::print_options(next);
}

ExchangePtr list_referrals(const connector::Call& call) {
    return std::make_unique<ListReferrals>(call);
}

}  // namespace tideway::connectors::partner_center
