// Sends one message through one channel, once.
#pragma once

#include <functional>

#include "engine/base/clock.h"
#include "engine/http/client.h"
#include "engine/http/mail/mail_client.h"
#include "engine/runtime/notices/notice_channel.h"
#include "engine/runtime/notices/notice_message.h"

namespace tideway::runtime {

// Thread: that of the two clients, which are borrowed.
class NoticeSender {
  public:
    NoticeSender(http::Client& client, http::MailClient& mail, const Clock& clock)
        : client_(client),
          mail_(mail),
          clock_(clock) {}

    // `done` once, later than this call returns, unless a client goes before. A webhook is signed
    // as "Standard Webhooks" says; another answer than 2xx is a failure with code
    // "NoticeWebhookRefused".
    void send(
        const OpenChannel& channel, const NoticeMessage& message, std::function<void(Status)> done
    );

  private:
    void send_mail(
        const MailChannel& channel, const NoticeMessage& message, std::function<void(Status)> done
    );
    void post(
        const WebhookChannel& channel,
        const NoticeMessage& message,
        std::function<void(Status)> done
    );

    http::Client& client_;
    http::MailClient& mail_;
    const Clock& clock_;
};

}  // namespace tideway::runtime
