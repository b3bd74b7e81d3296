#include "connectors/salesforce/changes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "connectors/salesforce/feed.h"
#include "connectors/salesforce/page.h"
#include "connectors/salesforce/records.h"
#include "connectors/salesforce/requests.h"
#include "connectors/salesforce/soql.h"
#include "engine/base/digest.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/connector/watermark.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Turn;

enum class Wanted { kCreated, kChanged };

Turn polled(Json events, Json cursor, bool has_more) {
    const Json output = {
        {"events", std::move(events)}, {"cursor", std::move(cursor)}, {"has_more", has_more}};
    return Done{to_payload(output), {}};
}

// The newest record first, to know where to begin; then, or with a cursor at once, all records of
// since then, oldest first.
class PollRecords final : public connector::ChainedExchange {
  public:
    PollRecords(const connector::Poll& poll, Wanted wanted)
        : requests_(poll.settings, poll.now),
          watermark_(poll.cursor),
          stamp_(wanted == Wanted::kCreated ? "CreatedDate" : "SystemModstamp"),
          object_(string_or(poll.config, "object")),
          filter_(string_or(poll.config, "filter")),
          events_max_(poll.events_max) {
        fields_ = {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp", "LastModifiedById"};
        const Json* select = find(poll.config, "select");
        for (const Json& field : select == nullptr ? Json::array() : *select) {
            selected_.push_back(field.is_string() ? field.get<std::string>() : std::string());
        }
    }

    Turn begin() override {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        for (const std::string& field : selected_) {
            if (!is_field_path(field)) {
                return std::move(*bad_field(field));
            }
            if (std::ranges::find(fields_, field) == fields_.end()) {
                fields_.push_back(field);
            }
        }
        return watermark_.is_first() ? ask_newest() : ask_changes(watermark_.since());
    }

  private:
    Turn send(const std::string& url, Next next) {
        return ask(requests_.get(url), std::move(next));
    }

    Turn select(const std::string& soql, Next next) {
        return send(requests_.api_url() + "/query" + query_of(soql), std::move(next));
    }

    Turn ask_newest() {
        const std::string soql = "SELECT " + stamp_ + " FROM " + object_ + " ORDER BY " + stamp_ +
                                 " DESC NULLS LAST LIMIT 1";
        return select(soql, [this](const http::Response& response) {
            const auto page = read_page(response, requests_);
            if (!page) {
                return Turn(page.error());
            }
            if (page->records.empty()) {
                return finish();
            }
            const auto newest = parse_utc(string_or(page->records[0], stamp_));
            return newest ? ask_changes(*newest - connector::Watermark::kOverlap) : finish();
        });
    }

    Turn ask_changes(std::optional<Timestamp> since) {
        std::string condition = filter_.empty() ? "" : "(" + filter_ + ")";
        if (since) {
            condition += (condition.empty() ? "" : " AND ") + stamp_ + " >= " + soql_time(*since);
        }
        const std::string soql = "SELECT " + listed(fields_) + " FROM " + object_ +
                                 (condition.empty() ? "" : " WHERE " + condition) + " ORDER BY " +
                                 stamp_ + " ASC, Id ASC";
        return select(soql, [this](const http::Response& response) { return read(response); });
    }

    Turn read(const http::Response& response) {
        const auto page = read_page(response, requests_);
        if (!page) {
            return page.error();
        }
        for (const Json& record : page->records) {
            if (events_.size() >= events_max_) {
                return polled(std::move(events_), watermark_.cursor(), true);
            }
            take(flat_record(object_, record));
        }
        if (page->next_url.empty()) {
            return finish();
        }
        return send(page->next_url, [this](const http::Response& next) { return read(next); });
    }

    // Times are whole seconds, so that two changes can have one: what was read tells them apart.
    static std::string version_of(const Json& record) {
        return string_or(record, "SystemModstamp") + " " +
               to_hex(sha256(dump(record))).substr(0, 16);
    }

    void take(const Json& record) {
        const std::string id = string_or(record, "id");
        const bool is_creation_only = stamp_ == "CreatedDate";
        const std::string version =
            is_creation_only ? string_or(record, stamp_) : version_of(record);
        const auto changed = parse_utc(string_or(record, stamp_));
        if (!changed || watermark_.is_seen(id, version)) {
            return;
        }
        const bool is_new = watermark_.is_created(id, parse_utc(string_or(record, "CreatedDate")));
        watermark_.see(id, version, *changed);
        if (watermark_.is_first()) {
            return;
        }
        const char* change = is_creation_only || is_new ? "Create" : "Update";
        events_.push_back(
            {{"event", {{"change", change}, {"object", object_}, {"id", id}, {"record", record}}},
             {"dedupe_key", object_ + " " + id + " " + version}}
        );
    }

    Turn finish() { return polled(std::move(events_), watermark_.cursor(), false); }

    Requests requests_;
    connector::Watermark watermark_;
    std::string stamp_;
    std::string object_;
    std::string filter_;
    std::size_t events_max_;
    std::vector<std::string> fields_;
    std::vector<std::string> selected_;
    Json events_ = Json::array();
};

Timestamp whole_minute(Timestamp at) {
    return std::chrono::floor<std::chrono::minutes>(at);
}

// The feed of deleted records. Its answers are complete up to "covered until"; it is read from a
// minute before that, and what was seen in that minute is remembered.
class PollDeleted final : public connector::ChainedExchange {
  public:
    explicit PollDeleted(const connector::Poll& poll)
        : requests_(poll.settings, poll.now),
          object_(string_or(poll.config, "object")),
          events_max_(poll.events_max),
          covered_(whole_minute(poll.now)) {
        const auto covered = parse_utc(string_or(poll.cursor, "covered_until"));
        is_first_ = !covered;
        covered_ = covered.value_or(covered_);
        if (const Json* seen = find(poll.cursor, "seen")) {
            seen_ = *seen;
        }
    }

    Turn begin() override {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        const Timestamp end = whole_minute(requests_.now());
        const Timestamp kept_since = end - kFeedKept + std::chrono::hours(1);
        start_ = std::max(covered_ - std::chrono::minutes(1), kept_since);
        if (!is_first_ && end - start_ < std::chrono::minutes(2)) {
            return finish(covered_, false);  // no minute is over since the last poll
        }
        return ask(
            requests_.get(feed_url(requests_, object_, Feed::kDeleted, {start_, end})),
            [this](const http::Response& r) { return read(r); }
        );
    }

  private:
    Turn read(const http::Response& response) {
        if (!is_success(response)) {
            return answered(response, model::EffectClass::kRead, requests_.now());
        }
        auto answer = read_feed_answer(response, Feed::kDeleted);
        if (!answer) {
            return answer.error();
        }
        Json& records = (*answer)["records"];
        std::sort(records.begin(), records.end(), [](const Json& a, const Json& b) {
            return a["deleted_at"] < b["deleted_at"];
        });
        for (const Json& record : records) {
            if (events_.size() >= events_max_) {
                return finish(covered_, true);
            }
            take(string_or(record, "id"), string_or(record, "deleted_at"));
        }
        const auto covered = parse_utc(string_or(*answer, "covered_until"));
        return finish(covered.value_or(covered_), false);
    }

    void take(const std::string& id, const std::string& deleted_at) {
        if (string_or(seen_, id) == deleted_at) {
            return;
        }
        seen_[id] = deleted_at;
        if (is_first_) {
            return;
        }
        events_.push_back(
            {{"event",
              {{"change", "Delete"}, {"object", object_}, {"id", id}, {"deleted_at", deleted_at}}},
             {"dedupe_key", object_ + " " + id + " deleted " + deleted_at}}
        );
    }

    Turn finish(Timestamp covered, bool has_more) {
        Json kept = Json::object();
        for (const auto& [id, deleted_at] : seen_.items()) {
            const auto at = parse_utc(deleted_at.get<std::string>());
            if (at && *at >= covered - std::chrono::minutes(1)) {
                kept[id] = deleted_at;
            }
        }
        const Json cursor = {{"covered_until", format_utc(covered)}, {"seen", std::move(kept)}};
        return polled(std::move(events_), cursor, has_more);
    }

    Requests requests_;
    std::string object_;
    std::size_t events_max_;
    bool is_first_ = true;
    Timestamp covered_;
    Timestamp start_;
    Json seen_ = Json::object();
    Json events_ = Json::array();
};

}  // namespace

ExchangePtr poll_created(const connector::Poll& poll) {
    return std::make_unique<PollRecords>(poll, Wanted::kCreated);
}

ExchangePtr poll_changed(const connector::Poll& poll) {
    return std::make_unique<PollRecords>(poll, Wanted::kChanged);
}

ExchangePtr poll_deleted(const connector::Poll& poll) {
    return std::make_unique<PollDeleted>(poll);
}

}  // namespace tideway::connectors::salesforce
