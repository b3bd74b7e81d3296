// A real web server that takes notices as a customer's would: it checks the signature ("Standard
// Webhooks") and keeps what it gets.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/threading.h"
#include "tests/support/poll.h"
#include "tests/support/test_server.h"

namespace tideway::testing {

struct ReceivedNotice {
    std::string id;  // of the message
    Json body;
    bool is_signed = false;

    std::string text(std::string_view name) const { return string_or(body, name); }
};

// Thread: the test's.
class WebhookReceiver {
  public:
    WebhookReceiver()
        : server_([this](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
              const int status = take(request);
              if (status == kNever) {
                  kept_.push_back(std::move(responder));
              } else {
                  responder->send(http::json_response(status, "{}"));
              }
          }) {}

    // What is kept needs the server's loop to end.
    ~WebhookReceiver() {
        server_.run([this] { kept_.clear(); });
    }

    WebhookReceiver(const WebhookReceiver&) = delete;
    WebhookReceiver& operator=(const WebhookReceiver&) = delete;

    static constexpr int kNever = 0;  // answers nothing, as a service that hangs

    std::string url() const { return server_.base_url() + "/hook?sig=secret"; }

    std::string key() const { return "whsec_" + to_base64(key_); }

    // What the next messages are answered with; another status than 200 keeps nothing.
    void answer(int status) {
        const Lock lock(mutex_);
        status_ = status;
    }

    std::vector<ReceivedNotice> notices() const {
        const Lock lock(mutex_);
        return notices_;
    }

    int requests() const {
        const Lock lock(mutex_);
        return requests_;
    }

    // Waits until so many have come; 20 s at most.
    std::vector<ReceivedNotice> wait_for(std::size_t count) const {
        EXPECT_TRUE(tests::becomes([this, count] { return notices().size() >= count; }));
        return notices();
    }

    // The same for requests, also refused ones.
    void wait_for_requests(int count) const {
        EXPECT_TRUE(tests::becomes([this, count] { return requests() >= count; }));
    }

  private:
    int take(const http::ServerRequest& request) {
        const Lock lock(mutex_);
        ++requests_;
        if (status_ != 200) {
            return status_;
        }
        ReceivedNotice notice;
        notice.id = request.headers.get_or("webhook-id", "");
        const std::string signed_text =
            notice.id + "." + request.headers.get_or("webhook-timestamp", "") + "." + request.body;
        notice.is_signed = request.headers.get_or("webhook-signature", "") ==
                           "v1," + to_base64(hmac_sha256(key_, signed_text));
        if (auto parsed = parse_json(request.body, "notice")) {
            notice.body = std::move(*parsed);
        }
        notices_.push_back(std::move(notice));
        return 200;
    }

    const std::string key_ = std::string(32, 'w');
    mutable Mutex mutex_;
    std::vector<ReceivedNotice> notices_;
    int requests_ = 0;
    int status_ = 200;
    std::vector<std::shared_ptr<http::Responder>> kept_;  // on the server's thread
    TestServer server_;                                   // last: its thread uses what is above
};

}  // namespace tideway::testing
