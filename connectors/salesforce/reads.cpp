#include "connectors/salesforce/reads.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "connectors/salesforce/feed.h"
#include "connectors/salesforce/page.h"
#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "connectors/salesforce/soql.h"
#include "engine/base/limits.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;
using model::EffectClass;

constexpr std::int64_t kPageMin = 200;  // Salesforce's own bounds
constexpr std::int64_t kPageMax = 2000;

class Query final : public connector::ChainedExchange {
  public:
    explicit Query(const connector::Call& call)
        : requests_(call.settings, call.now),
          soql_(string_or(call.input, "soql")),
          resource_(bool_or(call.input, "include_deleted", false) ? "/queryAll" : "/query") {
        if (const Json* values = find(call.input, "values")) {
            values_ = *values;
        }
        const std::int64_t wanted = int_or(call.input, "max_items", 0);
        const auto most = static_cast<std::int64_t>(limits::kForeachItemsMax);
        max_ = wanted > 0 ? wanted : most + 1;
        page_size_ = std::clamp(wanted > 0 ? wanted : kPageMax, kPageMin, kPageMax);
    }

    Turn begin() override {
        const auto soql = bind_values(soql_, values_);
        if (!soql) {
            return soql.error();
        }
        return page(requests_.api_url() + resource_ + query_of(*soql));
    }

  private:
    Turn page(const std::string& url) {
        url_ = url;
        connector::Send send = requests_.get(url);
        send.request.headers.set("Sforce-Query-Options", "batchSize=" + std::to_string(page_size_));
        return ask(std::move(send), [this](const http::Response& r) { return read(r); });
    }

    Turn read(const http::Response& response) {
        const auto page_read = read_page(response, requests_);
        if (!page_read) {
            return page_read.error();
        }
        total_ = page_read->total;
        for (const Json& record : page_read->records) {
            if (size() < max_) {
                records_.push_back(flat_record("", record));
            }
        }
        const std::string& next = page_read->next_url;
        return size() >= max_ || next.empty() || next == url_ ? finish() : page(next);
    }

    Turn finish() {
        if (size() > static_cast<std::int64_t>(limits::kForeachItemsMax)) {
            Failed failed = connector::refused(
                "TooManyItems",
                "More than " + std::to_string(limits::kForeachItemsMax) +
                    " records match the query.",
                "Narrow the query, or say with max_items how many are wanted."
            );
            failed.error.kind = ErrorKind::kLimit;
            return failed;
        }
        return Done{to_payload(Json{{"records", std::move(records_)}, {"total", total_}}), {}};
    }

    std::int64_t size() const { return static_cast<std::int64_t>(records_.size()); }

    Requests requests_;
    std::string soql_;
    std::string resource_;
    Json values_;
    std::int64_t max_ = 0;
    std::int64_t page_size_ = kPageMax;
    std::int64_t total_ = 0;
    std::string url_;
    Json records_ = Json::array();
};

// One request; `read` makes the output of its answer.
class Get final : public connector::ChainedExchange {
  public:
    using Read = std::function<Turn(const http::Response&)>;

    Get(connector::Send send, Timestamp now, Read read)
        : send_(std::move(send)),
          now_(now),
          read_(std::move(read)) {}

    Turn begin() override {
        return ask(std::move(send_), [this](const http::Response& r) -> Turn {
            return is_success(r) ? read_(r) : Turn(answered(r, EffectClass::kRead, now_));
        });
    }

  private:
    connector::Send send_;
    Timestamp now_;
    Read read_;
};

ExchangePtr at_once(Failed failed) {
    return std::make_unique<connector::ImmediateExchange>(std::move(failed));
}

// The body as it is: a tree would round its numbers.
Turn passed_on(const http::Response& response) {
    if (!read_object(response)) {
        return connector::unreadable(response, "read", EffectClass::kRead);
    }
    return Done{Payload(response.body), {}};
}

Turn read_objects(const http::Response& response) {
    const auto body = read_object(response);
    const Json* list = body ? find(*body, "sobjects") : nullptr;
    if (list == nullptr || !list->is_array()) {
        return connector::unreadable(response, "list objects", EffectClass::kRead);
    }
    return Done{to_payload(Json{{"objects", *list}}), {}};
}

Turn read_identity(const http::Response& response) {
    const auto body = read_object(response);
    const std::string user = body ? string_or(*body, "user_id") : std::string();
    if (!is_record_id(user)) {
        return connector::unreadable(response, "who am I", EffectClass::kRead);
    }
    const Json out = {
        {"user_id", user},
        {"organization_id", string_or(*body, "organization_id")},
        {"username", string_or(*body, "preferred_username")},
        {"name", string_or(*body, "name")},
        {"email", string_or(*body, "email")}};
    return Done{to_payload(out), {}};
}

ExchangePtr read_feed(const connector::Call& call, Feed feed) {
    const Requests requests(call.settings, call.now);
    const std::string object = string_or(call.input, "object");
    const auto start = parse_utc(string_or(call.input, "start"));
    const bool has_end = find(call.input, "end") != nullptr;
    const auto end = has_end ? parse_utc(string_or(call.input, "end")) : call.now;
    if (auto problem = bad_object(object)) {
        return at_once(std::move(*problem));
    }
    if (!start || !end) {
        return at_once(connector::refused(
            "InvalidTime",
            std::string(start ? "`end`" : "`start`") + " is no time.",
            "Write it as 2026-02-03T10:00:00Z."
        ));
    }
    return std::make_unique<Get>(
        requests.get(feed_url(requests, object, feed, {*start, *end})),
        call.now,
        [feed](const http::Response& r) -> Turn {
            auto read = read_feed_answer(r, feed);
            return read ? Turn(Done{to_payload(*read), {}}) : Turn(read.error());
        }
    );
}

}  // namespace

ExchangePtr query(const connector::Call& call) {
    return std::make_unique<Query>(call);
}

ExchangePtr describe_object(const connector::Call& call) {
    const Requests requests(call.settings, call.now);
    const std::string object = string_or(call.input, "object");
    if (auto problem = bad_object(object)) {
        return at_once(std::move(*problem));
    }
    const std::string url = requests.object_url(object) + "/describe";
    return std::make_unique<Get>(requests.get(url), call.now, passed_on);
}

ExchangePtr list_objects(const connector::Call& call) {
    const Requests requests(call.settings, call.now);
    return std::make_unique<Get>(
        requests.get(requests.api_url() + "/sobjects"), call.now, read_objects
    );
}

ExchangePtr list_updated(const connector::Call& call) {
    return read_feed(call, Feed::kUpdated);
}

ExchangePtr list_deleted(const connector::Call& call) {
    return read_feed(call, Feed::kDeleted);
}

ExchangePtr get_limits(const connector::Call& call) {
    const Requests requests(call.settings, call.now);
    return std::make_unique<Get>(requests.get(requests.api_url() + "/limits"), call.now, passed_on);
}

ExchangePtr who_am_i(const connector::Call& call) {
    const Requests requests(call.settings, call.now);
    return std::make_unique<Get>(
        requests.get(requests.instance_url() + "/services/oauth2/userinfo"), call.now, read_identity
    );
}

}  // namespace tideway::connectors::salesforce
