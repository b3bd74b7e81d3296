#include "engine/runtime/notices/notice_channel.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/http/mail/mail_message.h"
#include "engine/http/url.h"
#include "engine/model/schema.h"

namespace tideway::runtime {
namespace {

constexpr const char* kMailSettings = R"json({
  "type": "object", "additionalProperties": false, "required": ["host", "from", "to"],
  "properties": {
    "host": {"type": "string", "minLength": 1, "maxLength": 253},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "security": {"enum": ["starttls", "tls", "none"], "default": "starttls"},
    "from": {"type": "string"},
    "to": {"type": "string"},
    "user": {"type": "string", "default": ""},
    "allow_private_network": {"type": "boolean", "default": false},
    "ca_file": {"type": "string", "default": ""}
  }})json";

constexpr const char* kWebhookSettings = R"json({
  "type": "object", "additionalProperties": false,
  "properties": {
    "format": {"enum": ["tideway", "teams"], "default": "tideway"},
    "allow_private_network": {"type": "boolean", "default": false},
    "allow_plain_http": {"type": "boolean", "default": false},
    "ca_file": {"type": "string", "default": ""}
  }})json";

// As "Standard Webhooks" writes keys.
constexpr std::string_view kKeyPrefix = "whsec_";
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytes = 32;
constexpr int kPortOfTls = 465;
constexpr int kPortOfSubmission = 587;

constexpr const char* kInvalid = "InvalidNoticeChannel";

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(ErrorKind::kInvalidInput, kInvalid, std::move(message), std::move(remedy));
}

std::string purpose_of(const std::string& channel) {
    return "notice_channel:" + channel;
}

const Secret& secret_of(const ChannelSecrets& secrets, std::string_view name) {
    static const Secret none;
    const auto it = secrets.find(name);
    return it == secrets.end() ? none : it->second;
}

http::NetworkPolicy policy_of(const Json& settings) {
    http::NetworkPolicy policy;
    policy.allow_private = bool_or(settings, "allow_private_network", false);
    policy.allow_plain_http = bool_or(settings, "allow_plain_http", false);
    policy.ca_file = string_or(settings, "ca_file");
    return policy;
}

Result<std::vector<std::string>> addresses_of(std::string text) {
    std::erase(text, ' ');
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        out.push_back(text.substr(0, comma));
        text = comma == std::string::npos ? std::string() : text.substr(comma + 1);
    }
    const auto wrong = std::ranges::find_if_not(out, http::is_mail_address);
    if (out.empty() || wrong != out.end()) {
        return invalid(
            "'" + (out.empty() ? std::string() : *wrong) + "' is no mail address.",
            "Write ops@contoso.com, and a comma between several."
        );
    }
    return out;
}

Result<OpenChannel> open_mail(const Json& settings, const ChannelSecrets& secrets) {
    MailChannel out;
    const std::string security = string_or(settings, "security");
    out.server.security = security == "tls"    ? http::MailSecurity::kTls
                          : security == "none" ? http::MailSecurity::kNone
                                               : http::MailSecurity::kStartTls;
    out.server.host = string_or(settings, "host");
    out.server.port = static_cast<int>(
        int_or(settings, "port", security == "tls" ? kPortOfTls : kPortOfSubmission)
    );
    out.server.user = string_or(settings, "user");
    out.server.password = secret_of(secrets, "password");
    out.server.policy = policy_of(settings);
    if (out.server.security == http::MailSecurity::kNone && !out.server.user.empty()) {
        return invalid(
            "A password would be sent in the clear: security is none and there is a user.",
            "Use security=starttls or tls, or no user."
        );
    }
    out.from = string_or(settings, "from");
    TIDEWAY_TRY(addresses_of(out.from));
    TIDEWAY_TRY_ASSIGN(out.to, addresses_of(string_or(settings, "to")));
    return OpenChannel(std::move(out));
}

Result<OpenChannel> open_webhook(const Json& settings, const ChannelSecrets& secrets) {
    WebhookChannel out;
    out.url = secret_of(secrets, "url");
    if (!http::parse_url(out.url.reveal())) {
        return invalid("A webhook needs the secret 'url', an address.", "Add: --secret url=-");
    }
    const std::string_view key = secret_of(secrets, "key").reveal();
    const auto bytes =
        key.starts_with(kKeyPrefix) ? from_base64(key.substr(kKeyPrefix.size())) : std::nullopt;
    if (!bytes || bytes->size() < kKeyBytesMin) {
        return invalid(
            "The secret 'key' is not whsec_ and the base64 of at least 24 bytes.",
            "Leave it out, and one is made."
        );
    }
    out.key = Secret(*bytes);
    out.format =
        string_or(settings, "format") == "teams" ? WebhookFormat::kTeams : WebhookFormat::kTideway;
    out.policy = policy_of(settings);
    return OpenChannel(std::move(out));
}

Result<OpenChannel> open_plan(const ChannelPlan& plan) {
    return plan.kind == "mail" ? open_mail(plan.settings, plan.secrets)
                               : open_webhook(plan.settings, plan.secrets);
}

}  // namespace

Result<model::NoticeChannel> make_channel(
    ChannelPlan& plan, const connector::SecretBox& box, Timestamp now
) {
    const bool is_mail = plan.kind == "mail";
    if (!is_mail && plan.kind != "webhook") {
        return invalid("'" + plan.kind + "' is no kind of channel.", "Use mail or webhook.");
    }
    if (plan.name.empty() || plan.name.size() > limits::kNameBytesMax ||
        plan.name.find('/') != std::string::npos) {
        return invalid("A channel needs a name without '/'.", "Write: --name operators");
    }
    TIDEWAY_TRY_ASSIGN(
        const Json schema, parse_json(is_mail ? kMailSettings : kWebhookSettings, "settings")
    );
    if (auto fits = model::validate(schema, plan.settings, "The settings of the channel"); !fits) {
        fits.error().code = kInvalid;
        return fail(std::move(fits.error()));
    }
    plan.settings = model::with_defaults(schema, std::move(plan.settings));
    for (const auto& [name, secret] : plan.secrets) {
        const bool is_known = is_mail ? name == "password" : name == "url" || name == "key";
        if (!is_known) {
            return invalid(
                "A " + plan.kind + " channel has no secret '" + name + "'.",
                is_mail ? "It has: password." : "It has: url, key."
            );
        }
    }
    if (!is_mail && !plan.secrets.contains("key")) {
        plan.secrets.emplace(
            "key", Secret(std::string(kKeyPrefix) + to_base64(random_bytes(kKeyBytes)))
        );
    }
    TIDEWAY_TRY(open_plan(plan));
    model::NoticeChannel channel;
    channel.name = plan.name;
    channel.kind = plan.kind;
    channel.settings = to_payload(plan.settings);
    channel.sealed = box.seal_all(purpose_of(plan.name), plan.secrets);
    channel.created = now;
    return channel;
}

Result<OpenChannel> open_channel(
    const model::NoticeChannel& channel, const connector::SecretBox& box
) {
    ChannelPlan plan;
    plan.kind = channel.kind;
    TIDEWAY_TRY_ASSIGN(plan.settings, parse_json(channel.settings.view(), "settings"));
    TIDEWAY_TRY_ASSIGN(const Secret opened, box.open(purpose_of(channel.name), channel.sealed));
    TIDEWAY_TRY_ASSIGN(const Json secrets, parse_json(opened.reveal(), "secrets"));
    for (const auto& [name, value] : secrets.items()) {
        plan.secrets.emplace(name, Secret(value.get<std::string>()));
    }
    return open_plan(plan);
}

}  // namespace tideway::runtime
