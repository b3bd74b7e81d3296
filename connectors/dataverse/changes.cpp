#include "connectors/dataverse/changes.h"

#include <utility>

#include "connectors/dataverse/page.h"
#include "connectors/dataverse/requests.h"
#include "connectors/dataverse/tables.h"
#include "engine/base/digest.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/connector/watermark.h"

namespace tideway::connectors::dataverse {
namespace {

using connector::Done;
using connector::Turn;

constexpr int kPageRows = 1000;
constexpr std::string_view kColumns = "createdon,modifiedon";

// A lookup column is there under another name.
const Json* column_of(const Json& row, const std::string& name) {
    const auto plain = row.find(name);
    if (plain != row.end()) {
        return &*plain;
    }
    const auto lookup = row.find("_" + name + "_value");
    return lookup == row.end() ? nullptr : &*lookup;
}

// Empty: all columns are watched, or the row does not tell one that is.
std::string watched_state(const Json& row, const Json& config) {
    const Json* columns = find(config, "columns");
    if (columns == nullptr || !columns->is_array() || columns->empty()) {
        return {};
    }
    Json held = Json::object();
    for (const Json& column : *columns) {
        const std::string name = column.is_string() ? column.get<std::string>() : std::string();
        const Json* value = column_of(row, name);
        if (value == nullptr) {
            return {};
        }
        held[name] = *value;
    }
    return to_hex(sha256(dump(held))).substr(0, 32);
}

// The newest row first, to know where to begin; then, or with a cursor at once, all rows that
// changed since then, oldest first.
class PollRows final : public connector::ChainedExchange {
  public:
    explicit PollRows(const connector::Poll& poll)
        : requests_(poll.settings, poll.now),
          watermark_(poll.cursor),
          config_(poll.config),
          table_(string_or(poll.config, "table")),
          message_(string_or(poll.config, "message", "added_or_modified")),
          filter_(string_or(poll.config, "filter")),
          select_(connector::option_text(poll.config, "select")),
          events_max_(poll.events_max) {}

    Turn begin() override {
        if (auto problem = bad_table(table_)) {
            return std::move(*problem);
        }
        return watermark_.is_first() ? ask_newest() : ask_changes(watermark_.since());
    }

  private:
    Turn ask_newest() {
        const std::string query = connector::print_options(
            {{"$select", "modifiedon"}, {"$orderby", "modifiedon desc"}, {"$top", "1"}}
        );
        return ask(requests_.get(requests_.set_url(table_) + query), [this](const auto& response) {
            const auto page = read_page(response, requests_.set_url(table_), requests_.now());
            if (!page) {
                return Turn(page.error());
            }
            if (page->rows.empty()) {
                return finish();
            }
            const auto newest = parse_utc(string_or(page->rows.front(), "modifiedon"));
            return newest ? ask_changes(*newest - connector::Watermark::kOverlap) : finish();
        });
    }

    Turn ask_changes(std::optional<Timestamp> since) {
        std::string filter = filter_;
        if (since) {
            const std::string is_later = "modifiedon ge " + format_utc(*since);
            filter = filter.empty() ? is_later : "(" + filter + ") and " + is_later;
        }
        std::string select = select_;
        if (!select.empty()) {
            select += ',';
            select += kColumns;
        }
        return page(
            requests_.set_url(table_) +
            connector::print_options(
                {{"$select", select},
                 {"$filter", filter},
                 {"$orderby", "modifiedon asc," + primary_key(table_) + " asc"}}
            )
        );
    }

    Turn page(const std::string& url) {
        url_ = url;
        return ask(
            requests_.get(url, "odata.maxpagesize=" + std::to_string(kPageRows)),
            [this](const http::Response& response) { return read(response); }
        );
    }

    Turn read(const http::Response& response) {
        const auto page_read = read_page(response, requests_.set_url(table_), requests_.now());
        if (!page_read) {
            return page_read.error();
        }
        for (const Json& row : page_read->rows) {
            if (events_.size() >= events_max_) {
                has_more_ = true;
                return finish();
            }
            take(flat_row(table_, row));
        }
        const std::string& next = page_read->next_link;
        return next.empty() || next == url_ ? finish() : page(next);
    }

    void take(const Json& row) {
        const std::string id = string_or(row, "id");
        const std::string version = string_or(row, "etag");
        const auto changed = parse_utc(string_or(row, "modifiedon"));
        if (!changed || watermark_.is_seen(id, version)) {
            return;
        }
        const bool is_new = watermark_.is_created(id, parse_utc(string_or(row, "createdon")));
        watermark_.see(id, version, *changed);
        if (watermark_.is_first() || !is_wanted(is_new)) {
            return;
        }
        events_.push_back(
            {{"event",
              {{"message", is_new ? "Create" : "Update"},
               {"table", table_},
               {"id", id},
               {"row", row}}},
             {"dedupe_key", table_ + " " + id + " " + version},
             {"change", change_of(row, config_)}}
        );
    }

    // The words of the callback name deletions, too: "added_modified_or_deleted".
    bool is_wanted(bool is_new) const {
        return message_.find(is_new ? "added" : "modified") != std::string::npos;
    }

    Turn finish() {
        const Json output = {
            {"events", std::move(events_)},
            {"cursor", watermark_.cursor()},
            {"has_more", has_more_}};
        return Done{to_payload(output), {}};
    }

    Requests requests_;
    connector::Watermark watermark_;
    Json config_;
    std::string table_;
    std::string message_;
    std::string filter_;
    std::string select_;
    std::size_t events_max_;
    std::string url_;
    Json events_ = Json::array();
    bool has_more_ = false;
};

}  // namespace

Json change_of(const Json& row, const Json& config) {
    return {
        {"record", string_or(row, "table") + " " + string_or(row, "id")},
        {"version", string_or(row, "etag")},
        {"state", watched_state(row, config)}};
}

ExchangePtr poll_rows(const connector::Poll& poll) {
    return std::make_unique<PollRows>(poll);
}

}  // namespace tideway::connectors::dataverse
