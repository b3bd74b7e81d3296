// One libcurl multi handle on an asio loop: the connections of all requests with equal network
// rules. Thread: the loop's.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>
#include <openssl/x509.h>

#include "engine/http/transfer.h"

namespace tideway::http {

class CurlPool : public std::enable_shared_from_this<CurlPool> {
  public:
    // Fails with "CertificateUnreadable" when policy.ca_file cannot be read.
    static Result<std::shared_ptr<CurlPool>> create(
        Loop& loop, const NetworkPolicy& policy, const ClientOptions& options
    );
    ~CurlPool();
    CurlPool(const CurlPool&) = delete;
    CurlPool& operator=(const CurlPool&) = delete;

    const TransferRules& rules() const { return rules_; }

    bool is_idle() const { return transfers_.empty(); }

    void start(std::unique_ptr<Transfer> transfer);

    // Drops what is under way, without calling anybody. Nothing happens after it.
    void close();

  private:
    struct Watch;

    struct FreeMulti {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    struct FreeStore {
        void operator()(X509_STORE* store) const { X509_STORE_free(store); }
    };

    CurlPool(Loop& loop, const NetworkPolicy& policy, const ClientOptions& options);
    Status load_trust();

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* watch);
    static int on_timer(CURLM*, long milliseconds, void* self);

    bool watch_socket(curl_socket_t socket, int what);
    void unwatch_socket(curl_socket_t socket);
    void wait(const std::shared_ptr<Watch>& watch);
    void on_event(const std::shared_ptr<Watch>& watch, int direction);
    void set_timer(std::int64_t milliseconds);
    void act(curl_socket_t socket, int direction);
    void report_finished();
    void expire(CURL* easy);
    std::unique_ptr<Transfer> remove(CURL* easy);
    CURL* take_handle();

    Loop& loop_;
    TransferRules rules_;
    std::unique_ptr<X509_STORE, FreeStore> trust_;
    boost::asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
    std::vector<CURL*> spare_handles_;
    std::unique_ptr<CURLM, FreeMulti> multi_;
    bool is_closed_ = false;
};

}  // namespace tideway::http
