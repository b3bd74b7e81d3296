#include "engine/http/mail/mail_client.h"

#include <algorithm>
#include <utility>

#include "engine/http/curl_pool.h"
#include "engine/http/mail/mail_transfer.h"
#include "engine/http/transport_failure.h"
#include "engine/http/url.h"

namespace tideway::http {
namespace {

Target target_of(const MailServer& server) {
    Target target;
    target.scheme = server.security == MailSecurity::kTls ? "smtps" : "smtp";
    target.host = server.host;
    target.port = server.port;
    target.name = server.host + ":" + std::to_string(server.port);
    return target;
}

// Mail is rare: each has a connection, and so a pool, of its own.
class CurlMailClient final : public MailClient {
  public:
    CurlMailClient(Loop& loop, ClientOptions options)
        : loop_(loop),
          options_(std::move(options)) {
        TIDEWAY_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    }

    ~CurlMailClient() override {
        for (const auto& pool : pools_) {
            pool->close();
        }
    }

    CurlMailClient(const CurlMailClient&) = delete;
    CurlMailClient& operator=(const CurlMailClient&) = delete;

    void send(Mail mail, const MailServer& server, std::function<void(Status)> done) override {
        Target target = target_of(server);
        if (!server.policy.allow_private && is_private_address(target.host)) {
            refuse(address_forbidden(target.name, target.host).error, std::move(done));
            return;
        }
        auto pool = std::make_shared<CurlPool>(loop_, server.policy, options_);
        if (Status trusted = pool->load_trust(trust_); !trusted) {
            refuse(std::move(trusted.error()), std::move(done));
            return;
        }
        pools_.push_back(pool);
        pool->start(std::make_unique<MailTransfer>(
            std::move(mail),
            server,
            std::move(target),
            pool->rules(),
            [this, raw = pool.get(), done = std::move(done)](Status sent) {
                std::erase_if(pools_, [raw](const auto& kept) { return kept.get() == raw; });
                done(std::move(sent));
            }
        ));
    }

  private:
    void refuse(Error error, std::function<void(Status)> done) {
        loop_.post([alive = std::weak_ptr<bool>(alive_),
                    error = std::move(error),
                    done = std::move(done)]() mutable {
            if (!alive.expired()) {
                done(fail(std::move(error)));
            }
        });
    }

    Loop& loop_;
    ClientOptions options_;
    TrustSource trust_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::vector<std::shared_ptr<CurlPool>> pools_;
};

}  // namespace

std::unique_ptr<MailClient> make_mail_client(Loop& loop, ClientOptions options) {
    return std::make_unique<CurlMailClient>(loop, std::move(options));
}

}  // namespace tideway::http
