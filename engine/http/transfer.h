// One outbound transfer: the libcurl handle that carries it, and the rules of the network that hold
// for every kind (addresses, TLS, time). Thread: the loop's.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>
#include <openssl/x509.h>

#include "engine/base/assert.h"
#include "engine/base/result.h"
#include "engine/http/client.h"

namespace tideway::http {

template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
    // An option that is refused would silently change what we promise (verification, guards).
    TIDEWAY_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

// Where a transfer goes.
struct Target {
    std::string scheme;
    std::string host;  // lower case, IPv6 without brackets
    int port = 0;
    std::string name;   // for people: "contoso.com", "127.0.0.1:8080"
    std::string proxy;  // empty: directly
};

// Shared by the transfers of one pool; outlives them.
struct TransferRules {
    NetworkPolicy policy;
    ClientOptions options;
    X509_STORE* trust = nullptr;  // set before a transfer over TLS starts
};

class Transfer {
  public:
    Transfer(Target target, const TransferRules& rules)
        : target_(std::move(target)),
          rules_(rules) {}

    virtual ~Transfer() = default;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Sets every option on a fresh or reset handle; the handle stays its caller's and must not be
    // used after the transfer is gone.
    void configure(CURL* easy);

    // libcurl is through with it, or its deadline has passed: keeps what came of it.
    virtual void finish(CURLcode code) = 0;
    virtual void expire() = 0;

    // Tells what was kept. Once, after finish() or expire(), when the handle is not needed any
    // more.
    virtual void report() = 0;

    virtual Duration timeout() const = 0;

    std::unique_ptr<Timer> deadline;

  protected:
    // What is sent and what is done with the answer.
    virtual void configure_exchange() = 0;

    // Called before the first byte; another value than CURL_PREREQFUNC_OK ends the transfer.
    virtual int ready_to_send(const char* address) = 0;

    bool forbids(std::string_view address) const;
    TransportError failure(CURLcode code, bool sent, std::string_view detail) const;

    // libcurl's own words about a failure.
    const char* detail() const { return &detail_[0]; }

    const Target& target() const { return target_; }

    const TransferRules& rules() const { return rules_; }

    CURL* easy() const { return easy_; }

    void refuse_address(std::string address) { refused_address_ = std::move(address); }

  private:
    static int on_ready_to_send(void* self, char* address, char*, int, int);
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static CURLcode on_tls_context(CURL*, void* context, void* self);

    void configure_network();

    Target target_;
    const TransferRules& rules_;
    CURL* easy_ = nullptr;
    char detail_[CURL_ERROR_SIZE] = {};
    std::string refused_address_;
};

}  // namespace tideway::http
