// The demo's world: sandboxes and a server of a fresh environment in this process, and what a
// person at either side does. Used by `tideway demo`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/api_client.h"
#include "engine/app/engine.h"
#include "engine/app/sandboxes.h"
#include "engine/base/log.h"

namespace tideway::app {

// Thread: one. Everything blocks.
class DemoWorld {
  public:
    // Makes `folder` anew with one environment that holds the pack, and connects each of its
    // connection references to the sandbox of its connector, where it has one.
    static Result<std::unique_ptr<DemoWorld>> create(
        const std::string& folder,
        const std::string& pack,
        Log& log,
        const std::shared_ptr<Host>& host = std::make_shared<Host>()
    );

    ApiClient& api() { return *api_; }

    const Config& config() const { return config_; }

    const Engine& engine() const { return *engine_; }

    const Sandboxes& sandboxes() const { return *sandboxes_; }

    // --- Partner Center's side
    Result<Json> announce_deal(const Json& deal);  // Microsoft announces a deal
    Result<Json> edit_deal(const std::string& id, const Json& changes);  // in the portal
    Result<Json> deals();
    Result<std::vector<Json>> halves(const std::string& engagement);
    Status set_deliveries(const Json& settings);
    Result<Json> partner_center(
        const std::string& method, const std::string& path, const Json& body
    );

    // --- the CRM's side
    Result<std::vector<Json>> opportunities(const std::string& column, const Json& value);
    Result<Json> seller(const std::string& method, const std::string& path, const Json& body);
    Result<Json> dataverse(const std::string& method, const std::string& path, const Json& body);
    Result<Json> salesforce(const std::string& method, const std::string& path, const Json& body);

    // --- the server
    void stop_server() { engine_.reset(); }

    // Again, at the same ports.
    Status start_server() { return start_server(host_); }

    // The server alone on another host.
    Status start_server(const std::shared_ptr<Host>& host);
    Result<std::vector<Json>> runs(const std::string& query);
    Result<Json> finished_run(const std::string& id);
    // No run is under way and nothing has happened for a moment.
    Status settle();

    // Asks every 50 ms until there is a value; `what` names it in the error after 30 s.
    template <typename Value>
    Result<Value> wait_for(
        const std::string& what, const std::function<Result<std::optional<Value>>()>& ask
    );

  private:
    DemoWorld(Log& log, const std::shared_ptr<Host>& host)
        : log_(log),
          host_(host),
          http_(host) {}

    Result<Json> send(const std::string& method, const std::string& url, const Json& body);
    Status release_brake();
    Status connect(const std::string& pack);
    Status connect_one(const std::string& connector, const std::string& name);
    static void pause();
    static bool is_over(Timestamp deadline);
    static Timestamp in_thirty_seconds();

    Log& log_;
    std::shared_ptr<Host> host_;
    Config config_;
    std::unique_ptr<Sandboxes> sandboxes_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<ApiClient> api_;
    BlockingHttp http_;
};

template <typename Value>
Result<Value> DemoWorld::wait_for(
    const std::string& what, const std::function<Result<std::optional<Value>>()>& ask
) {
    const Timestamp deadline = in_thirty_seconds();
    while (true) {
        TIDEWAY_TRY_ASSIGN(std::optional<Value> value, ask());
        if (value) {
            return std::move(*value);
        }
        if (is_over(deadline)) {
            return fail(ErrorKind::kTimeout, "DemoTimeout", "Waited 30 s for " + what + ".");
        }
        pause();
    }
}

}  // namespace tideway::app
