// Dynamics 365's Dataverse Web API over loopback: a stand-in that is faithful where co-sell flows
// meet the service. State is in memory, and in a JSON file if one is named.
//
//   /api/data/v9.x/...   the Web API; tokens come from the SandboxIdentity, audience = the base URL
//   /sandbox/...         control, without a token:
//     GET    /sandbox                 what is here, as JSON
//     GET    /sandbox/writes          rows saved by API clients; ?since=<seq>; DELETE forgets them
//     GET    /sandbox/requests        the last requests of API clients; DELETE forgets them
//     POST   /sandbox/reset           seed data again; logs, lag, limits and privileges too
//     GET|POST /sandbox/lag           {delay_ms, duplicates, lose, reorder, paused, attempts,
//                                      retry_ms}
//     GET|DELETE /sandbox/deliveries  callbacks, and what became of them
//     GET|POST /sandbox/limits        {requests, execution_ms, concurrent, window_ms, page_size,
//                                      latency_ms}
//     POST   /sandbox/privileges      {"name": client id or user, "deny": ["prvCreateOpportunity"]}
//     POST   /sandbox/solution        {"installed": false}: seed data without the columns of the
//     co-sell solution; they can be created then
//     POST   /sandbox/expire_tokens   delta tokens issued so far are expired
//     GET    /sandbox/rows/<table>    all rows, every column; DELETE removes them, without a word
//     any    /sandbox/as/<user>/...   the Web API as that user (id, e-mail or name): a seller at
//     work
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"
#include "engine/connector/sandbox.h"
#include "engine/http/client.h"
#include "engine/http/server.h"

namespace tideway::connectors::dataverse {

// Thread: the loop's, for everything. The arguments of the constructor must outlive it.
class Sandbox {
  public:
    // Whether columns that forms require ("business required") are required of API clients as well.
    // The real service leaves that to forms; a sandbox that is strict finds more mistakes.
    enum class RequiredColumns { kStrict, kAsTheService };

    struct Options {
        std::string base_url;    // "http://127.0.0.1:8080"; see set_base_url
        std::string state_file;  // loaded if it exists, written after changes; empty: none
        RequiredColumns required_columns = RequiredColumns::kStrict;
        std::size_t page_size = 5000;
        std::int64_t requests_per_window = 6000;
        int concurrent_requests = 52;
        Duration execution_per_window = std::chrono::seconds(1200);
        Duration window = std::chrono::minutes(5);
        Duration latency{0};  // of every answer
    };

    // A state file that cannot be read is reported by load_error(); the sandbox then has seed data
    // and leaves the file alone.
    Sandbox(
        Loop& loop,
        http::Client& client,
        connector::SandboxIdentity& identity,
        const Clock& clock,
        Options options
    );
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // Borrows this object.
    http::Handler handler();

    // Once the port is known. Links, contexts and the audience of tokens follow it.
    void set_base_url(std::string url);
    const std::string& base_url() const;

    const Status& load_error() const;

    // The control API without HTTP: any request of /sandbox/as/<user>, committed, with callbacks.
    http::Response act_as(
        std::string_view user, std::string method, std::string path, const Json& body
    );

    // Rows saved by API clients: [{"seq","kind","table","id","columns","changed","user","at"}]:
    // what was named, and what of it has another value since.
    Json writes() const;

  private:
    class Service;
    std::unique_ptr<Service> service_;
};

}  // namespace tideway::connectors::dataverse
