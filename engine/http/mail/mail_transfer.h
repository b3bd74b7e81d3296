// One mail on its way, and what the server said. Thread: the loop's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/http/mail/mail_client.h"
#include "engine/http/transfer.h"

namespace tideway::http {

class MailTransfer final : public Transfer {
  public:
    MailTransfer(
        Mail mail,
        MailServer server,
        Target target,
        const TransferRules& rules,
        std::function<void(Status)> done
    );
    ~MailTransfer() override;

    void finish(CURLcode code) override;
    void expire() override;
    void report() override;

    Duration timeout() const override { return mail_.timeout; }

  private:
    static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
    static std::size_t on_line(char* bytes, std::size_t size, std::size_t count, void* self);

    void configure_exchange() override;
    int ready_to_send(const char* address) override;
    std::size_t read(char* to, std::size_t bytes_max);
    Error failure_of(CURLcode code) const;
    std::string server_words() const;

    Mail mail_;
    MailServer server_;
    std::function<void(Status)> done_;
    curl_slist* recipients_ = nullptr;
    std::size_t sent_ = 0;    // bytes of the message
    std::string refusal_;     // the last line of the server that was one
    bool has_begun_ = false;  // with this mail, after signing in
    std::optional<Status> outcome_;
};

}  // namespace tideway::http
