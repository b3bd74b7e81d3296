#include "connectors/salesforce/change_events.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "connectors/salesforce/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/connector/odata.h"

namespace tideway::connectors::salesforce {
namespace {

using connector::Done;
using connector::Failed;
using connector::Turn;

constexpr std::int64_t kAllRetained = -2;
constexpr std::chrono::seconds kLongPoll{150};  // Salesforce holds a connect for 110

// Opportunity -> /data/OpportunityChangeEvent; Deal__c -> /data/Deal__ChangeEvent.
std::string channel_of(const std::string& object) {
    const bool is_own = object.ends_with("__c");
    return "/data/" + (is_own ? object.substr(0, object.size() - 1) : object) + "ChangeEvent";
}

// Salesforce knows its streaming clients by a cookie.
std::string cookies_of(const http::Headers& headers) {
    std::string out;
    for (const auto& [name, value] : headers) {
        if (name.size() == 10 && (name[0] == 'S' || name[0] == 's') &&
            name.find("ookie") != std::string::npos) {
            out += (out.empty() ? "" : "; ") + value.substr(0, value.find(';'));
        }
    }
    return out;
}

// Handshake, subscription, and connects until there are events or one long poll is over; then the
// client says good-bye, because an organization may have only so many.
class StreamChanges final : public connector::ChainedExchange {
  public:
    explicit StreamChanges(const connector::Poll& poll)
        : requests_(poll.settings, poll.now),
          object_(string_or(poll.config, "object")),
          channel_(channel_of(object_)),
          own_marker_(";client=" + string_or(poll.settings, "client_name", "Tideway")),
          drops_own_(string_or(poll.config, "own_changes", "drop") == "drop"),
          is_first_(poll.cursor.is_null()),
          events_max_(poll.events_max),
          replay_id_(int_or(poll.cursor, "replay_id", kAllRetained)),
          since_(parse_utc(string_or(poll.cursor, "since")).value_or(poll.now)) {
        const Json* fields = find(poll.config, "fields");
        for (const Json& field : fields == nullptr ? Json::array() : *fields) {
            watched_.insert(field.is_string() ? field.get<std::string>() : std::string());
        }
    }

    Turn begin() override {
        if (auto problem = bad_object(object_)) {
            return std::move(*problem);
        }
        if (is_first_) {  // what happened until now is known
            return finish();
        }
        const Json message = {
            {"channel", "/meta/handshake"},
            {"version", "1.0"},
            {"minimumVersion", "1.0"},
            {"supportedConnectionTypes", {"long-polling"}},
            {"ext", {{"replay", true}}}};
        return send(message, [this](const http::Response& r) { return shaken(r); });
    }

  private:
    Turn send(const Json& message, Next next) {
        const std::string number = requests_.version().substr(1);
        connector::Send send = requests_.get(requests_.instance_url() + "/cometd/" + number);
        send.request.method = "POST";
        send.request.body = dump(Json::array({message}));
        send.request.timeout = kLongPoll;
        send.request.headers.set("Content-Type", "application/json; charset=utf-8");
        if (!cookies_.empty()) {
            send.request.headers.set("Cookie", cookies_);
        }
        return ask(std::move(send), std::move(next));
    }

    Json meta(const char* channel) const {
        return {{"channel", channel}, {"clientId", client_id_}};
    }

    // The answer to the message that was sent, which events may surround.
    tl::expected<Json, Failed> meta_answer(const http::Response& response) {
        if (!is_success(response)) {
            return tl::unexpected(answered(response, model::EffectClass::kRead, requests_.now()));
        }
        const auto list = read_list(response);
        Json meta;
        for (const Json& message : list.value_or(Json::array())) {
            const std::string channel = string_or(message, "channel");
            if (channel.starts_with("/meta/")) {
                meta = message;
            } else if (channel == channel_) {
                take(message.value("data", Json()));
            }
        }
        if (meta.is_null()) {
            return tl::unexpected(
                connector::unreadable(response, "change events", model::EffectClass::kRead)
            );
        }
        return meta;
    }

    Turn refused(const Json& meta) const {
        Failed failed = connector::refused(
            "StreamRefused",
            "Salesforce refuses the change events of " + object_ + ": " +
                string_or(meta, "error", "no reason given"),
            "In Setup, Change Data Capture, select the object; the connection's user needs View "
            "All on it."
        );
        failed.error.kind = ErrorKind::kUnavailable;
        return failed;
    }

    Turn shaken(const http::Response& response) {
        const auto meta = meta_answer(response);
        if (!meta) {
            return meta.error();
        }
        client_id_ = string_or(*meta, "clientId");
        if (!bool_or(*meta, "successful", false) || client_id_.empty()) {
            return refused(*meta);
        }
        cookies_ = cookies_of(response.headers);
        return subscribe();
    }

    Turn subscribe() {
        Json message = meta("/meta/subscribe");
        message["subscription"] = channel_;
        message["ext"]["replay"][channel_] = replay_id_;
        return send(message, [this](const http::Response& r) { return subscribed(r); });
    }

    Turn subscribed(const http::Response& response) {
        const auto meta = meta_answer(response);
        if (!meta) {
            return meta.error();
        }
        if (bool_or(*meta, "successful", false)) {
            return connect();
        }
        const bool is_expired = string_or(*meta, "error").find("replayId") != std::string::npos;
        if (!is_expired || replay_id_ == kAllRetained) {
            return refused(*meta);
        }
        // Salesforce keeps events for three days.
        events_.push_back(
            {{"event", {{"change", "LOST"}, {"object", object_}, {"id", ""}}},
             {"dedupe_key", object_ + " lost after " + std::to_string(replay_id_)}}
        );
        replay_id_ = kAllRetained;
        return subscribe();
    }

    Turn connect() {
        Json message = meta("/meta/connect");
        message["connectionType"] = "long-polling";
        ++connects_;
        return send(message, [this](const http::Response& r) { return connected(r); });
    }

    Turn connected(const http::Response& response) {
        const std::int64_t before = replay_id_;
        const auto meta = meta_answer(response);
        if (!meta) {
            return meta.error();
        }
        if (!bool_or(*meta, "successful", false)) {
            return refused(*meta);
        }
        // The first connect only opens the connection; the second one waits.
        const bool has_any = !events_.empty() || replay_id_ != before;
        if (!has_any && connects_ < 2) {
            return connect();
        }
        return send(this->meta("/meta/disconnect"), [this](const http::Response&) {
            return finish();
        });
    }

    void take(const Json& data) {
        const Json* event = find(data, "event");
        const Json* payload = find(data, "payload");
        const Json* header = payload == nullptr ? nullptr : find(*payload, "ChangeEventHeader");
        if (event == nullptr || header == nullptr || events_.size() >= events_max_) {
            return;  // what is left over is replayed to the next poll
        }
        replay_id_ = int_or(*event, "replayId", replay_id_);
        const Timestamp committed =
            Timestamp() + std::chrono::milliseconds(int_or(*header, "commitTimestamp", 0));
        const bool is_own = string_or(*header, "changeOrigin").ends_with(own_marker_);
        if (committed < since_ || (is_own && drops_own_) || !is_watched(*header)) {
            return;
        }
        Json fields = *payload;
        fields.erase("ChangeEventHeader");
        for (const Json& id : header->value("recordIds", Json::array())) {
            Json what = {
                {"change", string_or(*header, "changeType")},
                {"object", string_or(*header, "entityName")},
                {"id", id},
                {"fields", fields},
                {"changed_fields", header->value("changedFields", Json::array())},
                {"origin", string_or(*header, "changeOrigin")},
                {"user_id", string_or(*header, "commitUser")},
                {"committed_at", format_utc(committed)}};
            const std::string key =
                object_ + " " + std::to_string(replay_id_) + " " + what["id"].dump();
            events_.push_back({{"event", std::move(what)}, {"dedupe_key", key}});
        }
    }

    // Only an update says which fields it changed.
    bool is_watched(const Json& header) const {
        if (watched_.empty() || string_or(header, "changeType") != "UPDATE") {
            return true;
        }
        const Json changed = header.value("changedFields", Json::array());
        return std::ranges::any_of(changed, [this](const Json& field) {
            return field.is_string() && watched_.contains(field.get<std::string>());
        });
    }

    // There is always more to wait for.
    Turn finish() {
        const Json cursor = {{"replay_id", replay_id_}, {"since", format_utc(since_)}};
        const Json output = {
            {"events", std::move(events_)}, {"cursor", cursor}, {"has_more", true}};
        return Done{to_payload(output), {}};
    }

    Requests requests_;
    std::string object_;
    std::string channel_;
    std::string own_marker_;
    bool drops_own_;
    bool is_first_;
    std::size_t events_max_;
    std::int64_t replay_id_;
    Timestamp since_;
    std::set<std::string> watched_;
    std::string client_id_;
    std::string cookies_;
    int connects_ = 0;
    Json events_ = Json::array();
};

}  // namespace

ExchangePtr poll_change_events(const connector::Poll& poll) {
    return std::make_unique<StreamChanges>(poll);
}

}  // namespace tideway::connectors::salesforce
