#include <algorithm>

#include <curl/curl.h>

#include "engine/base/assert.h"
#include "engine/base/threading.h"
#include "engine/http/client.h"
#include "engine/http/curl_pool.h"
#include "engine/http/http_transfer.h"

namespace tideway::http {
namespace {

// Beyond it, pools without requests are closed, the longest unused first.
constexpr std::size_t kIdlePoolsKept = 32;

class CurlClient final : public Client {
  public:
    CurlClient(Loop& loop, ClientOptions options)
        : loop_(loop),
          options_(std::move(options)) {
        // Counted by libcurl, so every client may do it. There is no matching cleanup: it would be
        // unsafe while another client lives.
        TIDEWAY_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    }

    ~CurlClient() override {
        for (const auto& pool : pools_) {
            pool->close();
        }
    }

    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;

    void send(Request request, const NetworkPolicy& policy, std::function<void(Exchange)> done)
        override {
        owner_.check();
        Result<Target> target = check_target(request, policy, options_.proxies);
        if (!target) {
            refuse(std::move(target.error()), std::move(done));
            return;
        }
        CurlPool& pool = pool_for(policy);
        if (target->scheme == "https") {
            if (Status trusted = pool.load_trust(trust_); !trusted) {
                refuse(std::move(trusted.error()), std::move(done));
                return;
            }
        }
        pool.start(std::make_unique<HttpTransfer>(
            std::move(request), *std::move(target), pool.rules(), std::move(done)
        ));
    }

  private:
    void refuse(Error error, std::function<void(Exchange)> done) {
        loop_.post([alive = std::weak_ptr<bool>(alive_),
                    error = std::move(error),
                    done = std::move(done)]() mutable {
            if (!alive.expired()) {
                done(tl::unexpected<TransportError>({.sent = false, .error = std::move(error)}));
            }
        });
    }

    // Connections are never shared between different rules: a pooled one would pass the guard of
    // the rules that it was opened under. Pools are kept by latest use.
    CurlPool& pool_for(const NetworkPolicy& policy) {
        const auto found = std::find_if(pools_.begin(), pools_.end(), [&policy](const auto& pool) {
            return pool->rules().policy == policy;
        });
        if (found != pools_.end()) {
            std::rotate(found, found + 1, pools_.end());
            return *pools_.back();
        }
        close_idle_pools();
        pools_.push_back(std::make_shared<CurlPool>(loop_, policy, options_));
        return *pools_.back();
    }

    void close_idle_pools() {
        for (auto pool = pools_.begin(); pool != pools_.end() && pools_.size() >= kIdlePoolsKept;) {
            if ((*pool)->is_idle()) {
                (*pool)->close();
                pool = pools_.erase(pool);
            } else {
                ++pool;
            }
        }
    }

    Loop& loop_;
    ClientOptions options_;
    ThreadOwner owner_;
    TrustSource trust_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::vector<std::shared_ptr<CurlPool>> pools_;
};

}  // namespace

std::unique_ptr<Client> make_curl_client(Loop& loop, ClientOptions options) {
    return std::make_unique<CurlClient>(loop, std::move(options));
}

}  // namespace tideway::http
