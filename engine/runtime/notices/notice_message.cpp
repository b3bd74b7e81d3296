#include "engine/runtime/notices/notice_message.h"

#include <utility>
#include <vector>

namespace tideway::runtime {
namespace {

constexpr const char* kEnded = "ended";

using Fields = std::vector<std::pair<std::string, std::string>>;

// What is known beside the texts, for people.
Fields fields_of(const NoticeMessage& message) {
    const model::NoticeRecord& notice = message.notice;
    Fields out{{"Environment", message.environment}};
    const auto add = [&out](const char* name, const std::string& value) {
        if (!value.empty()) {
            out.emplace_back(name, value);
        }
    };
    add("Flow", notice.flow);
    add("Connection", notice.connection);
    add("Run", notice.run.is_none() ? "" : notice.run.hex());
    add("Since", format_utc(notice.opened));
    add("Ended", notice.closed ? format_utc(*notice.closed) : "");
    add("Notice", notice.uid.hex());
    return out;
}

std::string headline_of(const NoticeMessage& message) {
    return message.moment == kEnded ? "Ended: " + message.notice.title : message.notice.title;
}

Json text_block(const std::string& text) {
    return {{"type", "TextBlock"}, {"text", text}, {"wrap", true}};
}

}  // namespace

NoticeMessage message_of(
    const model::NoticeRecord& notice,
    const model::NoticeDelivery& delivery,
    std::string environment
) {
    NoticeMessage out;
    out.notice = notice;
    out.moment = model::to_string(delivery.moment);
    out.id = notice.uid.hex() + "." + out.moment;
    if (delivery.moment == model::NoticeMoment::kReminder) {
        out.id += "." + std::to_string(delivery.id);
    }
    // The end may be known before the begin has been delivered.
    if (delivery.moment != model::NoticeMoment::kEnded) {
        out.notice.closed.reset();
    }
    out.environment = std::move(environment);
    return out;
}

NoticeMessage test_message(std::string environment, Timestamp now) {
    NoticeMessage out;
    out.notice.uid = Uid::random();
    out.notice.title = "This is a test of notices";
    out.notice.message = "If you can read it, notices reach you here.";
    out.notice.opened = now;
    out.moment = "test";
    out.id = out.notice.uid.hex() + ".test";
    out.environment = std::move(environment);
    return out;
}

Json to_json(const NoticeMessage& message) {
    const model::NoticeRecord& notice = message.notice;
    Json out = {
        {"id", notice.uid.hex()},
        {"moment", message.moment},
        {"environment", message.environment},
        {"kind", message.moment == "test" ? "test" : model::to_string(notice.kind)},
        {"title", notice.title},
        {"message", notice.message},
        {"remedy", notice.remedy},
        {"opened", format_utc(notice.opened)},
    };
    const auto put = [&out](const char* name, const std::string& value) {
        out[name] = value.empty() ? Json() : Json(value);
    };
    put("flow", notice.flow);
    put("connection", notice.connection);
    put("run", notice.run.is_none() ? "" : notice.run.hex());
    put("ended", notice.closed ? format_utc(*notice.closed) : "");
    return out;
}

Json to_teams_card(const NoticeMessage& message) {
    Json title = text_block(headline_of(message));
    title["size"] = "Medium";
    title["weight"] = "Bolder";
    title["color"] = message.moment == kEnded ? "Good" : "Attention";
    Json facts = Json::array();
    for (const auto& [name, value] : fields_of(message)) {
        facts.push_back({{"title", name}, {"value", value}});
    }
    Json body = Json::array({std::move(title)});
    body.push_back(text_block(message.notice.message));
    body.push_back({{"type", "FactSet"}, {"facts", std::move(facts)}});
    if (!message.notice.remedy.empty() && message.moment != kEnded) {
        body.push_back(text_block(message.notice.remedy));
        body.back()["isSubtle"] = true;
    }
    Json card = {
        {"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
        {"type", "AdaptiveCard"},
        {"version", "1.4"},
        {"body", std::move(body)},
    };
    Json attachment = {
        {"contentType", "application/vnd.microsoft.card.adaptive"},
        {"contentUrl", nullptr},
        {"content", std::move(card)},
    };
    return {{"type", "message"}, {"attachments", Json::array({std::move(attachment)})}};
}

std::string subject_of(const NoticeMessage& message) {
    return "[Tideway " + message.environment + "] " + headline_of(message);
}

std::string text_of(const NoticeMessage& message) {
    std::string out = headline_of(message) + "\n\n" + message.notice.message + "\n";
    if (!message.notice.remedy.empty() && message.moment != kEnded) {
        out += "\n" + message.notice.remedy + "\n";
    }
    out += "\n";
    for (const auto& [name, value] : fields_of(message)) {
        out += name + ": " + value + "\n";
    }
    return out;
}

}  // namespace tideway::runtime
