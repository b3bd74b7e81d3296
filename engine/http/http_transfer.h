// An HTTP request on its way, and what came of it. Thread: the loop's.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/http/transfer.h"

namespace tideway::http {

// Refuses what the policy does not allow, before anything is sent. The URL is read by libcurl's own
// parser: what is checked is what is contacted.
Result<Target> check_target(
    const Request& request, const NetworkPolicy& policy, const ProxySettings& proxies
);

class HttpTransfer final : public Transfer {
  public:
    HttpTransfer(
        Request request,
        Target target,
        const TransferRules& rules,
        std::function<void(Exchange)> done
    );
    ~HttpTransfer() override;

    void finish(CURLcode code) override;
    void expire() override;
    void report() override;

    Duration timeout() const override { return request_.timeout; }

  private:
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_progress(
        void* self, curl_off_t, curl_off_t, curl_off_t upload_total, curl_off_t uploaded
    );

    void configure_exchange() override;
    int ready_to_send(const char* address) override;
    void add_headers();
    bool take_body(std::string_view bytes);
    bool take_header(std::string_view line);
    void note_sent();
    bool is_safe_to_repeat() const;
    Exchange outcome(CURLcode code);
    TransportError failure_of(CURLcode code) const;

    Request request_;
    std::function<void(Exchange)> done_;
    curl_slist* headers_ = nullptr;

    Response response_;
    std::optional<Exchange> exchange_;
    std::size_t header_bytes_ = 0;
    bool has_whole_head_ = false;
    bool may_have_sent_ = false;
    bool refused_repeat_ = false;
    bool is_too_large_ = false;
    bool told_sent_ = false;
};

}  // namespace tideway::http
