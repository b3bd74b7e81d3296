#include "connectors/dataverse/query.h"

#include <algorithm>

#include "connectors/dataverse/page.h"
#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/base/limits.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/http/url.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

constexpr std::int64_t kPageRows = 1000;
constexpr std::int64_t kPageRowsMax = 5000;      // Dataverse's own
constexpr std::size_t kChangesPerCall = 10'000;  // then the caller goes on with the token

class ListRows final : public connector::ChainedExchange {
  public:
    explicit ListRows(const connector::Call& call)
        : requests_(call.settings, call.now),
          table_(string_or(call.input, "table")),
          options_({
              {"$select", connector::option_text(call.input, "select")},
              {"$filter", connector::option_text(call.input, "filter")},
              {"$top", connector::option_text(call.input, "top")},
              {"$orderby", connector::option_text(call.input, "orderby")},
              {"$expand", connector::option_text(call.input, "expand")},
          }) {
        const std::int64_t wanted = int_or(call.input, "max_items", 0);
        const auto most = static_cast<std::int64_t>(limits::kForeachItemsMax);
        max_ = wanted > 0 ? wanted : most + 1;
        // $top excludes paging.
        if (int_or(call.input, "top", 0) == 0) {
            const std::int64_t size = wanted > 0 ? std::min(wanted, kPageRowsMax) : kPageRows;
            prefer_ = "odata.maxpagesize=" + std::to_string(size);
        }
    }

    Turn begin() override {
        if (auto problem = bad_table(table_)) {
            return std::move(*problem);
        }
        return page(requests_.set_url(table_) + connector::print_options(options_));
    }

  private:
    Turn page(const std::string& url) {
        url_ = url;
        return ask(requests_.get(url, prefer_), [this](const http::Response& r) {
            return read(r);
        });
    }

    Turn read(const http::Response& response) {
        const auto page_read = read_page(response, requests_.set_url(table_), requests_.now());
        if (!page_read) {
            return page_read.error();
        }
        for (const Json& row : page_read->rows) {
            if (size() < max_) {
                rows_.push_back(flat_row(table_, row));
            }
        }
        const std::string& next = page_read->next_link;
        return size() >= max_ || next.empty() || next == url_ ? finish() : page(next);
    }

    Turn finish() {
        if (size() > limits::kForeachItemsMax) {
            Failed failed = connector::refused(
                "TooManyItems",
                "More than " + std::to_string(limits::kForeachItemsMax) + " rows of " + table_ +
                    " match the filter.",
                "Narrow the filter, or say with max_items how many are wanted."
            );
            failed.error.kind = ErrorKind::kLimit;
            return failed;
        }
        return Done{to_payload(Json{{"rows", std::move(rows_)}}), {}};
    }

    std::int64_t size() const { return static_cast<std::int64_t>(rows_.size()); }

    Requests requests_;
    std::string table_;
    connector::QueryOptions options_;
    std::string prefer_;
    std::int64_t max_ = 0;
    std::string url_;
    Json rows_ = Json::array();
};

std::string query_of(const std::string& link) {
    const auto url = http::parse_url(link);
    return url ? url->query : std::string();
}

// A token is a query string that we made; anything that could lead elsewhere is not one.
bool is_token(const std::string& token) {
    const bool has_place = token.find("deltatoken=") != std::string::npos ||
                           token.find("skiptoken=") != std::string::npos;
    const bool is_clean = std::all_of(token.begin(), token.end(), [](unsigned char c) {
        return c > 0x20 && c < 0x7F && c != '#';
    });
    return has_place && is_clean;
}

bool is_removed(const Json& item) {
    return string_or(item, "reason") == "deleted" ||
           string_or(item, "@odata.context").ends_with("/$deletedEntity");
}

class TrackChanges final : public connector::ChainedExchange {
  public:
    explicit TrackChanges(const connector::Call& call)
        : requests_(call.settings, call.now),
          table_(string_or(call.input, "table")),
          select_(connector::option_text(call.input, "select")),
          token_(string_or(call.input, "token")) {}

    Turn begin() override {
        if (auto problem = bad_table(table_)) {
            return std::move(*problem);
        }
        if (token_.empty()) {
            const std::string query = connector::print_options({{"$select", select_}});
            return page(requests_.set_url(table_) + query);
        }
        if (!is_token(token_)) {
            return connector::refused(
                "DeltaTokenInvalid",
                "`token` is not a token of track_changes.",
                "Give it back exactly as track_changes returned it, or leave it out to start again."
            );
        }
        return page(requests_.set_url(table_) + "?" + token_);
    }

  private:
    Turn page(const std::string& url) {
        url_ = url;
        return ask(
            requests_.get(
                url, "odata.track-changes,odata.maxpagesize=" + std::to_string(kPageRows)
            ),
            [this](const http::Response& r) { return read(r); }
        );
    }

    Turn read(const http::Response& response) {
        if (is_expired(response)) {
            return expired(response);
        }
        const auto page_read = read_page(response, requests_.set_url(table_), requests_.now());
        if (!page_read) {
            return page_read.error();
        }
        for (const Json& item : page_read->rows) {
            if (is_removed(item)) {
                deleted_.push_back(string_or(item, "id"));
            } else {
                rows_.push_back(flat_row(table_, item));
            }
        }
        const std::string& next = page_read->next_link;
        if (next.empty() || next == url_) {
            return finish(page_read->delta_link, Rest::kNone);
        }
        const bool is_enough = rows_.size() + deleted_.size() >= kChangesPerCall;
        return is_enough ? finish(next, Rest::kMore) : page(next);
    }

    bool is_expired(const http::Response& response) const {
        if (token_.empty() || is_success(response)) {
            return false;
        }
        const bool says_so =
            response.status == 400 && response.body.find("expired") != std::string::npos;
        return response.status == 410 || service_code(response) == kDeltaExpired || says_so;
    }

    Turn expired(const http::Response& response) const {
        Failed failed = answered(response, EffectClass::kRead, requests_.now());
        failed.error.kind = ErrorKind::kInvalidInput;
        failed.error.code = "DeltaTokenExpired";
        failed.error.remedy =
            "Call track_changes without a token, compare all rows once, and go on "
            "with the new token.";
        return failed;
    }

    enum class Rest { kNone, kMore };

    Turn finish(const std::string& link, Rest rest) {
        const std::string token = query_of(link);
        if (token.empty()) {
            return connector::refused(
                "ChangeTrackingOff",
                "Dataverse gave no delta link for " + table_ + ".",
                "Turn on \"Track changes\" in the properties of the table."
            );
        }
        const Json output = {
            {"rows", std::move(rows_)},
            {"deleted", std::move(deleted_)},
            {"token", token},
            {"more", rest == Rest::kMore}};
        return Done{to_payload(output), {}};
    }

    Requests requests_;
    std::string table_;
    std::string select_;
    std::string token_;
    std::string url_;
    Json rows_ = Json::array();
    Json deleted_ = Json::array();
};

}  // namespace

ExchangePtr list_rows(const connector::Call& call) {
    return std::make_unique<ListRows>(call);
}

ExchangePtr track_changes(const connector::Call& call) {
    return std::make_unique<TrackChanges>(call);
}

}  // namespace tideway::connectors::dataverse
