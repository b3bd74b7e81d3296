// A Salesforce organization over loopback: sign-in, the REST API and change events, faithful where
// co-sell flows meet the service. State is in memory, and in a JSON file if one is named.
//
//   /services/oauth2/...   token, authorize, userinfo, revoke
//   /services/data/vNN.0/  the REST API
//   /cometd/NN.0           change events by long polling
//   /sandbox/...           control, without a token:
//     GET    /sandbox                   what is here, as JSON
//     GET    /sandbox/writes            records saved by API clients; ?since=<seq>; DELETE forgets
//     GET    /sandbox/requests          the last requests of API clients; DELETE forgets them
//     DELETE /sandbox/events            change events so far cannot be replayed any more
//     POST   /sandbox/reset             seed data again; logs, limits and rights too
//     GET|POST /sandbox/limits          {"max","used"}: requests of 24 hours
//     POST   /sandbox/co_sell           {"fields": false}: seed data without the co-sell fields,
//     which can be made then
//     POST   /sandbox/rights            {"name": user name, "deny": ["Create Opportunity"]}
//     POST   /sandbox/events            {"gaps": 2}: of the next changes only the record is told
//     POST   /sandbox/sessions          {"end": "sessions"|"everything", "lifetime_s"}
//     GET    /sandbox/records/<Object>  all records, every field, deleted ones too
//     any    /sandbox/as/<user name>/.. the REST API (sobjects/..) as that user: a seller at work
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/http/server.h"

namespace tideway::connectors::salesforce {

struct SandboxApp {
    std::string client_id;
    std::string client_secret;
    std::string run_as = {};      // user name of client_credentials; empty: not allowed
    std::string public_key = {};  // PEM, for signed statements; empty: not allowed
};

struct SandboxUser {
    std::string username;
    std::string password;
    std::string id;  // of its User record
};

// Thread: the loop's, for everything. The arguments of the constructor must outlive it.
class Sandbox {
  public:
    struct Options {
        std::string base_url;    // "http://127.0.0.1:8080"; see set_base_url
        std::string state_file;  // loaded if it exists, written after changes; empty: none
        std::int64_t requests_per_day = 15'000;
        Duration connect_timeout = std::chrono::seconds(110);  // of a long poll without events
    };

    // The users of the seed data; their password is "sandbox-password".
    static constexpr const char* kIntegrationUser = "tideway@contoso.example";
    static constexpr const char* kSeller = "avery@contoso.example";

    // A state file that cannot be read is reported by load_error(); the sandbox then has seed data
    // and leaves the file alone.
    Sandbox(Loop& loop, const Clock& clock, Options options);
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // Borrows this object.
    http::Handler handler();

    // Once the port is known.
    void set_base_url(std::string url);
    const std::string& base_url() const;

    const Status& load_error() const;

    void put_app(SandboxApp app);

    // An access token made directly, for tests.
    std::string open_session(const std::string& username);

  private:
    class Service;
    std::unique_ptr<Service> service_;
};

}  // namespace tideway::connectors::salesforce
