#include "connectors/salesforce/sandbox_streaming.h"

#include "connectors/salesforce/sandbox_refusal.h"
#include "engine/base/uid.h"
#include "engine/http/url.h"

namespace tideway::connectors::salesforce::sandbox {
namespace {

constexpr std::size_t kEventsMax = 10'000;
constexpr std::string_view kAllChanges = "/data/ChangeEvents";

Json meta(const Json& message, bool successful) {
    Json out = {{"channel", string_or(message, "channel")}, {"successful", successful}};
    for (const char* key : {"id", "clientId", "subscription"}) {
        if (const Json* value = find(message, key)) {
            out[key] = *value;
        }
    }
    return out;
}

Json refused(const Json& message, const std::string& error, const char* reconnect) {
    Json out = meta(message, false);
    out["error"] = error;
    out["advice"] = {{"reconnect", reconnect}, {"interval", 0}};
    return out;
}

// An array, one message, or a form with the field `message`.
Json messages_in(const http::ServerRequest& request) {
    const std::string type = request.headers.get_or("Content-Type", "");
    const bool is_form = type.find("form-urlencoded") != std::string::npos;
    const auto body =
        parse_json(is_form ? http::query_value(request.body, "message") : request.body, "messages");
    if (!body) {
        return Json::array();
    }
    return body->is_array() ? *body : Json::array({*body});
}

const char* type_of(ChangeKind kind) {
    return kind == ChangeKind::kCreate   ? "CREATE"
           : kind == ChangeKind::kUpdate ? "UPDATE"
                                         : "DELETE";
}

Json named_fields(const Json& fields) {
    Json out = Json::array();
    for (const auto& [name, value] : fields.items()) {
        out.push_back(name);
    }
    return out;
}

// A created record's fields that hold something; of an update, what has changed.
Json fields_of(const Change& change, const Json* record) {
    Json out = Json::object();
    if (record == nullptr || change.kind == ChangeKind::kDelete) {
        return out;
    }
    const bool is_new = change.kind == ChangeKind::kCreate;
    for (const auto& [name, value] : (is_new ? *record : change.fields).items()) {
        const bool is_shown = name != "Id" && name != "IsDeleted" && name != "SystemModstamp" &&
                              !(is_new && value.is_null());
        if (is_shown) {
            out[name] = value;
        }
    }
    out["LastModifiedDate"] = (*record)["LastModifiedDate"];
    return out;
}

}  // namespace

void Streaming::handle(
    const http::ServerRequest& request, std::shared_ptr<http::Responder> responder
) {
    Json answers = Json::array();
    for (const Json& message : messages_in(request)) {
        const std::string channel = string_or(message, "channel");
        const std::string id = string_or(message, "clientId");
        if (channel == "/meta/handshake") {
            answers.push_back(handshake(message));
            continue;
        }
        const auto client = clients_.find(id);
        if (client == clients_.end()) {
            answers.push_back(refused(message, "403::Unknown client", "handshake"));
        } else if (channel == "/meta/subscribe") {
            answers.push_back(subscribe(client->second, message));
        } else if (channel == "/meta/unsubscribe") {
            client->second.subscriptions.erase(string_or(message, "subscription"));
            answers.push_back(meta(message, true));
        } else if (channel == "/meta/disconnect") {
            answer_waiting(client->second);
            clients_.erase(client);
            answers.push_back(meta(message, true));
        } else if (channel != "/meta/connect") {
            answers.push_back(refused(message, "403::Publishing is not possible here", "none"));
        } else if (!connect(id, message, responder, answers)) {
            return;
        }
    }
    responder->send(json_answer(200, answers));
}

Json Streaming::handshake(const Json& message) {
    const std::string id = Uid::random().hex();
    clients_[id] = {};
    Json out = meta(message, true);
    out["clientId"] = id;
    out["version"] = "1.0";
    out["minimumVersion"] = "1.0";
    out["supportedConnectionTypes"] = {"long-polling"};
    out["ext"] = {{"replay", true}, {"payload.format", true}};
    out["advice"] = {
        {"reconnect", "retry"}, {"interval", 0}, {"timeout", connect_timeout_.count() / 1000}};
    return out;
}

Json Streaming::subscribe(Client& client, const Json& message) {
    const std::string channel = string_or(message, "subscription");
    if (!channel.starts_with("/data/")) {
        return refused(message, "400::The channel you requested doesn't exist", "none");
    }
    const Json* ext = find(message, "ext");
    const Json* replay = ext == nullptr ? nullptr : find(*ext, "replay");
    const std::int64_t from = replay == nullptr ? -1 : int_or(*replay, channel, -1);
    const std::int64_t newest = next_replay_id_ - 1;
    const std::int64_t oldest = events_.empty() ? next_replay_id_ : events_.front().replay_id;
    if (from >= 0 && (from + 1 < oldest || from > newest)) {
        return refused(
            message,
            "400::The replayId {" + std::to_string(from) +
                "} you provided was invalid. Please provide a valid ID, -2 to replay all events, "
                "or -1 to replay only new events.",
            "none"
        );
    }
    client.subscriptions[channel] = from == -1 ? newest : from == -2 ? oldest - 1 : from;
    return meta(message, true);
}

bool Streaming::connect(
    const std::string& id,
    const Json& message,
    const std::shared_ptr<http::Responder>& responder,
    Json& answers
) {
    Client& client = clients_[id];
    answer_waiting(client);  // of a connection that is gone
    const bool is_first = !client.has_connected;
    client.has_connected = true;
    const Json events = take_events(client);
    if (is_first || !events.empty() || !answers.empty()) {
        answers.push_back(meta(message, true));
        answers.insert(answers.end(), events.begin(), events.end());
        return true;
    }
    client.waiting = responder;
    client.connect = message;
    client.timer = loop_.after(connect_timeout_, [this, id] {
        const auto it = clients_.find(id);
        if (it != clients_.end()) {
            const auto keep = std::move(it->second.timer);
            answer_waiting(it->second);
        }
    });
    return false;
}

// What the client has not got yet, in order.
Json Streaming::take_events(Client& client) {
    Json out = Json::array();
    for (const Event& event : events_) {
        for (auto& [channel, last] : client.subscriptions) {
            const bool is_meant = channel == event.channel || channel == kAllChanges;
            if (is_meant && event.replay_id > last) {
                out.push_back(
                    {{"channel", channel},
                     {"data",
                      {{"schema", "sandbox"},
                       {"payload", event.payload},
                       {"event", {{"replayId", event.replay_id}}}}}}
                );
                last = event.replay_id;
            }
        }
    }
    return out;
}

void Streaming::answer_waiting(Client& client) {
    if (!client.waiting) {
        return;
    }
    client.timer.reset();
    Json answers = take_events(client);
    answers.push_back(meta(client.connect, true));
    std::exchange(client.waiting, nullptr)->send(json_answer(200, answers));
}

// Without what belongs to its transaction.
Json Streaming::payload_of(const Change& change, const Store& store, const ChangeOrigin& origin)
    const {
    const std::string type = type_of(change.kind);
    Json header = {
        {"entityName", change.object->name},
        {"recordIds", {change.id}},
        {"commitTimestamp", to_micros(clock_.now()) / 1000},
        {"commitNumber", next_replay_id_}};
    if (gaps_ > 0) {
        header["changeType"] = "GAP_" + type;
        header["changedFields"] = Json::array();
        return {{"ChangeEventHeader", std::move(header)}};
    }
    Json payload = fields_of(change, store.find_record(*change.object, change.id));
    header["changeType"] = type;
    header["changedFields"] =
        change.kind == ChangeKind::kUpdate ? named_fields(payload) : Json::array();
    header["changeOrigin"] = origin.origin;
    header["commitUser"] = origin.user_id;
    payload["ChangeEventHeader"] = std::move(header);
    return payload;
}

void Streaming::publish(
    const std::vector<Change>& changes, const Store& store, const ChangeOrigin& origin
) {
    const std::string transaction = Uid::random().guid();
    int sequence = 0;
    for (const Change& change : changes) {
        Json payload = payload_of(change, store, origin);
        payload["ChangeEventHeader"]["transactionKey"] = transaction;
        payload["ChangeEventHeader"]["sequenceNumber"] = ++sequence;
        gaps_ -= gaps_ > 0 ? 1 : 0;
        events_.push_back({next_replay_id_++, change.object->channel(), std::move(payload)});
        if (events_.size() > kEventsMax) {
            events_.pop_front();
        }
    }
    for (auto& [id, client] : clients_) {
        bool has_any = false;
        for (const auto& [channel, last] : client.subscriptions) {
            for (auto it = events_.rbegin(); it != events_.rend() && it->replay_id > last; ++it) {
                has_any = has_any || channel == it->channel || channel == kAllChanges;
            }
        }
        if (has_any) {
            answer_waiting(client);
        }
    }
}

}  // namespace tideway::connectors::salesforce::sandbox
