// One outbound exchange: the request, the libcurl handle that carries it, and what came of it.
// Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <curl/curl.h>

#include "engine/base/result.h"
#include "engine/http/client.h"

namespace tideway::http {

// Where a request goes, read by libcurl's own URL parser: what is checked is what is contacted.
struct Target {
    std::string scheme;
    std::string host;  // lower case, IPv6 without brackets
    int port = 0;
    std::string name;   // for people: "contoso.com", "127.0.0.1:8080"
    std::string proxy;  // empty: directly
};

// Refuses what the policy does not allow, before anything is sent.
Result<Target> check_target(
    const Request& request, const NetworkPolicy& policy, const ProxySettings& proxies
);

// Shared by the transfers of one pool; outlives them.
struct TransferRules {
    NetworkPolicy policy;
    ClientOptions options;
    void* trust = nullptr;  // X509_STORE
};

class Transfer {
  public:
    Transfer(
        Request request,
        Target target,
        const TransferRules& rules,
        std::function<void(Exchange)> done
    );
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Sets every option on a fresh or reset handle; the handle stays its caller's and must not be
    // used after the transfer is gone.
    void configure(CURL* easy);

    // What came of it, when libcurl is through with it.
    Exchange finish(CURLcode code);

    // What is said when the deadline has passed.
    Exchange expire() const;

    Duration timeout() const { return request_.timeout; }

    std::function<void(Exchange)> take_done() { return std::move(done_); }

    std::unique_ptr<Timer> deadline;

  private:
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_progress(
        void* self, curl_off_t, curl_off_t, curl_off_t upload_total, curl_off_t uploaded
    );
    static int on_ready_to_send(void* self, char* address, char*, int, int);
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static CURLcode on_tls_context(CURL*, void* context, void* self);

    void configure_request();
    void configure_network();
    void add_headers();
    bool take_body(std::string_view bytes);
    bool take_header(std::string_view line);
    bool forbids(std::string_view address) const;
    void note_sent();
    bool is_safe_to_repeat() const;
    TransportError failure(CURLcode code) const;

    Request request_;
    Target target_;
    const TransferRules& rules_;
    std::function<void(Exchange)> done_;
    CURL* easy_ = nullptr;
    curl_slist* headers_ = nullptr;
    char detail_[CURL_ERROR_SIZE] = {};

    Response response_;
    std::size_t header_bytes_ = 0;
    std::string refused_address_;
    bool may_have_sent_ = false;
    bool refused_repeat_ = false;
    bool is_too_large_ = false;
    bool told_sent_ = false;
};

}  // namespace tideway::http
