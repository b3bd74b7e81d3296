// Both main flows of a co-sell pack against sandboxes that outlive the server: the sandboxes live
// in the test process, the server is a child that dies and is started again on the same ports and
// the same data folder.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/app/api_client.h"
#include "engine/app/sandboxes.h"
#include "tests/crash/crm.h"
#include "tests/crash/server_process.h"
#include "tests/support/temp_folder.h"

namespace tideway::tests {

// Thread: one. Everything blocks.
class CrashWorld {
  public:
    // Makes the template: an environment with the CRM's pack, connected, all flows on, webhook
    // registered. The pack is a folder of `packs`.
    static Result<std::unique_ptr<CrashWorld>> create(
        std::string program, CrmKind crm, const std::string& packs
    );

    using Lives = std::deque<ServerProcess::Life>;

    // A server on a fresh copy of the template; sandboxes without faults, with empty logs, and
    // without what was made in them since: the server would catch up with it, and not be as it is
    // in an undisturbed course. Returns when it serves, which may be after some of its deaths.
    Status begin(Lives lives);
    Status restart(Lives lives);  // on the data as they are
    // An environment without any history, in place of the copied one: init, connect, turn on.
    Status begin_with_wiped_store();

    // Everything delivered, no run open. The server is started anew when it dies. A paused run
    // counts as quiet: the checks find it.
    Status settle();
    // `holds` is asked until it is true, at most 90 s; the server is kept up meanwhile.
    Status wait_until(const std::string& what, const std::function<Result<bool>()>& holds);

    ServerProcess& server() { return server_; }

    Result<Json> api(const std::string& method, const std::string& path, const Json& body = {});

    // --- the people and the services
    Result<Json> partner_center(
        const std::string& method, const std::string& path, const Json& body = {}
    );

    Crm& crm() { return *crm_; }

    // The user of the connection to Partner Center, whose sign-in has ended.
    Status sign_in_again();
    Result<Json> announce_deal(const std::string& name);
    Result<std::vector<SeenOpportunity>> opportunities(
        std::string SeenOpportunity::*column, const std::string& text
    );
    Result<std::vector<Json>> deals(const std::string& key, const Json& value);

    // --- what the API clients wrote in Partner Center since begin(), and was accepted
    Result<int> creates_in_partner_center();
    Result<int> patches_in_partner_center();

    // --- history
    Result<std::vector<Json>> runs(const std::string& query = {});
    // Flow, step path and status of every step of the run with this outcome and of its children.
    Result<std::string> history_of(const std::string& outcome);

    // A copy of the data folder for a person to look at, below $TIDEWAY_TEST_KEEP when that is set.
    void keep_data(const std::string& name) const;

    // A folder that holds nothing but the data folder: a file system can be mounted there.
    std::string disk() const { return folder_.file("disk"); }

    std::string data_folder() const { return disk() + "/data"; }

    std::string log_file() const { return folder_.file("server.log"); }  // of the server

    std::string report_file() const { return folder_.file("points"); }

  private:
    explicit CrashWorld(std::string program);
    Status make_environment(const std::string& data_folder);
    Status connect_and_turn_on();
    Status register_webhook();
    Status come_to_rest();
    Status await_health();
    Result<std::string> quiet_mark();  // empty: not quiet

    TempFolder folder_;
    std::string pack_;
    int api_port_ = 0;
    int trigger_port_ = 0;
    ServerProcess server_;
    std::unique_ptr<app::Sandboxes> sandboxes_;
    SandboxCalls calls_;
    std::unique_ptr<Crm> crm_;
    std::unique_ptr<app::ApiClient> api_;
};

}  // namespace tideway::tests
