// A stand-in for Partner Center: the referrals and webhooks APIs over loopback, with Microsoft's
// side of a deal played by a robot. What it does beyond the real services is under /sandbox (GET
// /sandbox explains it). Sign-in endpoints (/{tenant}/oauth2/...) and faults are served by the same
// handler.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/connector/sandbox.h"
#include "engine/http/client.h"
#include "engine/http/server.h"

namespace tideway::connectors::partner_center {

namespace sandbox_parts {
class Service;
}

// What Microsoft does about a deal that asks for its help.
enum class RobotMode { kManual, kAccept, kDecline, kExpire };

// How link fields look: as the real service writes them, misspelt and incomplete, or right.
enum class LinkStyle { kFaithful, kCorrect };

struct SandboxOptions {
    std::string organization_id = "5f0c8a52-6d5b-4f0e-9a51-0f6f6f5b7c11";
    std::string organization_name = "Contoso Consulting";
    std::string referrals_audience = "https://api.partner.microsoft.com";
    std::string webhooks_audience = "https://api.partnercenter.microsoft.com";
    std::size_t page_size = 50;
    Duration list_lag{0};  // how long a write takes to show in lists
    LinkStyle links = LinkStyle::kFaithful;
    RobotMode robot = RobotMode::kAccept;
    Duration robot_delay = std::chrono::seconds(2);
    int updates_per_create = 1;  // "updated" notifications that follow each "created" one
    int delivery_attempts = 10;
    Duration delivery_interval = std::chrono::seconds(1);
    std::string callback_ca_file;  // extra trusted certificates for https callbacks, or empty
    std::string state_file;  // JSON; the sandbox survives a restart with it. Empty: memory only
};

// Thread: the loop's. Borrows everything it is given; the handler borrows the sandbox.
class Sandbox {
  public:
    using Options = SandboxOptions;

    Sandbox(
        Loop& loop,
        http::Client& client,
        connector::SandboxIdentity& identity,
        const Clock& clock,
        Options options = {}
    );
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    http::Handler handler();

    // Where the server listens, without a slash at the end; told before the first request. The
    // webhooks URL may be another name of the same server ("http://localhost:1234" beside
    // "http://127.0.0.1:1234"): the two APIs then need different tokens, as the real ones do. Each
    // is accepted as a token audience of its API.
    void set_base_url(std::string referrals_url, std::string webhooks_url = {});

    // Takes up what options.state_file holds; a file that does not exist yet is no error. Call it
    // once, before the first request.
    Status load_state();

    // The certificate that a receiver of notifications has to trust; also at GET /sandbox/ca.pem.
    std::string authority_pem();

    connector::SandboxFaults& faults();

  private:
    std::unique_ptr<sandbox_parts::Service> service_;
};

}  // namespace tideway::connectors::partner_center
