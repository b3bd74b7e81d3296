// The channels of notices: what may be set on them, and their form when opened.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/secret.h"
#include "engine/connector/secret_box.h"
#include "engine/http/mail/mail_client.h"
#include "engine/model/notice.h"

namespace tideway::runtime {

struct MailChannel {
    http::MailServer server;
    std::string from;
    std::vector<std::string> to;
};

enum class WebhookFormat { kTideway, kTeams };

struct WebhookChannel {
    Secret url;  // whoever knows the address of a Teams workflow may post to it
    Secret key;  // of the signature
    WebhookFormat format = WebhookFormat::kTideway;
    http::NetworkPolicy policy;
};

using OpenChannel = std::variant<MailChannel, WebhookChannel>;

using ChannelSecrets = std::map<std::string, Secret, std::less<>>;

// What an administrator asks for.
struct ChannelPlan {
    std::string name;
    std::string kind;  // "mail", "webhook"
    Json settings = Json::object();
    ChannelSecrets secrets;
};

// Checks the plan and seals its secrets; a webhook without a key gets one (`secrets` of the plan
// then has it). Code "InvalidNoticeChannel".
Result<model::NoticeChannel> make_channel(
    ChannelPlan& plan, const connector::SecretBox& box, Timestamp now
);

Result<OpenChannel> open_channel(
    const model::NoticeChannel& channel, const connector::SecretBox& box
);

}  // namespace tideway::runtime
