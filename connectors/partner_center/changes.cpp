#include "connectors/partner_center/changes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "connectors/partner_center/referral_list.h"
#include "connectors/partner_center/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"
#include "engine/connector/watermark.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;

constexpr std::string_view kCreated = "referral-created";
constexpr std::string_view kUpdated = "referral-updated";

// The list has no filter by time that is documented, so it is read from the newest change back to
// where the last poll was.
class PollReferrals final : public connector::ChainedExchange {
  public:
    explicit PollReferrals(const connector::Poll& poll)
        : requests_(poll.settings, "poll " + format_utc(poll.now)),
          watermark_(poll.cursor),
          wanted_(poll.config.value("events", Json())),
          options_({
              {"$select", "id,eTag,createdDateTime,updatedDateTime"},
              {"$orderby", "updatedDateTime desc"},
          }),
          now_(poll.now),
          events_max_(poll.events_max) {}

    Turn begin() override {
        return page(requests_.referrals_url() + connector::print_options(options_));
    }

  private:
    struct Change {
        Timestamp at;
        std::string id;
        std::string version;
        std::optional<Timestamp> created;
        std::string changed_at;  // as the service wrote it
    };

    Turn page(const std::string& url) {
        url_ = url;
        return ask(requests_.get_referrals(url), [this](const http::Response& response) {
            return read(response);
        });
    }

    Turn read(const http::Response& response) {
        if (!is_success(response)) {
            return answered(response, model::EffectClass::kRead, now_);
        }
        const auto body = read_object(response);
        const Json* value = body ? find(*body, "value") : nullptr;
        if (value == nullptr || !value->is_array()) {
            return connector::unreadable(response, "list referrals", model::EffectClass::kRead);
        }
        for (const Json& referral : *value) {
            if (!take(referral)) {
                return finish();
            }
        }
        auto next = next_page(*body, requests_.referrals_url(), options_);
        if (!next) {
            return connector::Failed{std::move(next.error()), model::AttemptClass::kNotDone};
        }
        return next->empty() || *next == url_ ? finish() : page(*next);
    }

    // False: this one, and all after it, changed before the part that is read.
    bool take(const Json& referral) {
        Change change;
        change.id = string_or(referral, "id");
        change.version = string_or(referral, "eTag");
        change.changed_at = string_or(referral, "updatedDateTime");
        change.created = parse_utc(string_or(referral, "createdDateTime"));
        const auto at = parse_utc(change.changed_at);
        if (!at) {
            return true;
        }
        if (!from_) {
            // The first poll remembers the last minutes only.
            from_ = watermark_.is_first() ? *at - connector::Watermark::kOverlap
                                          : watermark_.since().value_or(Timestamp::min());
        }
        if (*at < *from_) {
            return false;
        }
        change.at = *at;
        if (!watermark_.is_seen(change.id, change.version)) {
            changes_.push_back(std::move(change));
        }
        return true;
    }

    // Oldest first; what is too much for one poll is left for the next.
    Turn finish() {
        std::ranges::sort(changes_, {}, [](const Change& change) {
            return std::pair(change.at, change.id);
        });
        Json events = Json::array();
        bool has_more = false;
        for (const Change& change : changes_) {
            if (events.size() >= events_max_) {
                has_more = true;
                break;
            }
            const bool is_new = watermark_.is_created(change.id, change.created);
            watermark_.see(change.id, change.version, change.at);
            const std::string name(is_new ? kCreated : kUpdated);
            if (!watermark_.is_first() && is_wanted(name)) {
                events.push_back(event_of(change, name));
            }
        }
        const Json output = {
            {"events", std::move(events)}, {"cursor", watermark_.cursor()}, {"has_more", has_more}};
        return Done{to_payload(output), {}};
    }

    bool is_wanted(const std::string& name) const {
        return !wanted_.is_array() || std::ranges::find(wanted_, Json(name)) != wanted_.end();
    }

    Json event_of(const Change& change, const std::string& name) const {
        return {
            {"event",
             {{"event_name", name},
              {"referral_id", change.id},
              {"resource_uri", requests_.referral_url(change.id)},
              {"resource_name", "referral"},
              {"changed_at", change.changed_at}}},
            {"dedupe_key", change.id + " " + change.version},
            {"change", change_of(change.id, change.at)}};
    }

    Requests requests_;
    connector::Watermark watermark_;
    Json wanted_;
    connector::QueryOptions options_;
    Timestamp now_;
    std::size_t events_max_;
    std::string url_;
    std::optional<Timestamp> from_;
    std::vector<Change> changes_;
};

}  // namespace

Json change_of(const std::string& referral_id, Timestamp changed_at) {
    return {{"record", referral_id}, {"version", format_utc(changed_at)}};
}

ExchangePtr poll_referrals(const connector::Poll& poll) {
    return std::make_unique<PollReferrals>(poll);
}

}  // namespace tideway::connectors::partner_center
