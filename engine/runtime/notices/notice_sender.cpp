#include "engine/runtime/notices/notice_sender.h"

#include <utility>

#include "engine/base/digest.h"
#include "engine/http/mail/mail_message.h"
#include "engine/http/url.h"

namespace tideway::runtime {
namespace {

constexpr std::size_t kAnswerShownMax = 300;

std::string mail_id(const MailChannel& channel, const std::string& id) {
    return "<" + id + channel.from.substr(channel.from.rfind('@')) + ">";
}

Status taken(const std::string& host, http::Exchange exchange) {
    if (!exchange) {
        return fail(std::move(exchange.error().error));
    }
    if (exchange->status / 100 == 2) {
        return {};
    }
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "NoticeWebhookRefused";
    error.http_status = exchange->status;
    error.message =
        "The webhook at " + host + " answered " + std::to_string(exchange->status) + " " +
        std::string(http::reason_phrase(exchange->status)) +
        (exchange->body.empty() ? "." : ": " + exchange->body.substr(0, kAnswerShownMax));
    error.remedy = "Check the address of the channel and the service behind it.";
    return fail(std::move(error));
}

}  // namespace

void NoticeSender::send(
    const OpenChannel& channel, const NoticeMessage& message, std::function<void(Status)> done
) {
    if (const auto* mail = std::get_if<MailChannel>(&channel)) {
        send_mail(*mail, message, std::move(done));
        return;
    }
    post(std::get<WebhookChannel>(channel), message, std::move(done));
}

void NoticeSender::send_mail(
    const MailChannel& channel, const NoticeMessage& message, std::function<void(Status)> done
) {
    http::MailText text;
    text.from = channel.from;
    text.to = channel.to;
    text.subject = subject_of(message);
    text.body = text_of(message);
    text.id = mail_id(channel, message.id);
    // Mail programs show what follows below what it follows.
    const std::string first = mail_id(channel, message.notice.uid.hex() + ".opened");
    text.in_reply_to = text.id == first || message.moment == "test" ? "" : first;
    text.date = clock_.now();
    http::Mail mail;
    mail.from = channel.from;
    mail.to = channel.to;
    mail.message = http::write_mail(text);
    mail_.send(std::move(mail), channel.server, std::move(done));
}

void NoticeSender::post(
    const WebhookChannel& channel, const NoticeMessage& message, std::function<void(Status)> done
) {
    http::Request request;
    request.method = "POST";
    request.url = std::string(channel.url.reveal());
    request.timeout = limits::kNoticeTimeout;
    request.body =
        dump(channel.format == WebhookFormat::kTeams ? to_teams_card(message) : to_json(message));
    const std::string at = std::to_string(to_micros(clock_.now()) / 1'000'000);
    const std::string signed_text = message.id + "." + at + "." + request.body;
    request.headers.set("Content-Type", "application/json");
    request.headers.set("webhook-id", message.id);
    request.headers.set("webhook-timestamp", at);
    request.headers.set(
        "webhook-signature", "v1," + to_base64(hmac_sha256(channel.key.reveal(), signed_text))
    );
    const auto url = http::parse_url(request.url);
    client_.send(
        std::move(request),
        channel.policy,
        [host = url ? url->host : std::string(), done = std::move(done)](http::Exchange exchange) {
            done(taken(host, std::move(exchange)));
        }
    );
}

}  // namespace tideway::runtime
