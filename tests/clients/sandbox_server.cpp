// Sandboxes as a process, for tests with public clients: starts the identity service and the
// sandboxes of Dataverse and Salesforce on free loopback ports, prints one line of JSON and serves
// until its standard input ends.
//
//   {"identity":"http://127.0.0.1:P1","tenant":..,"client_id":..,"client_secret":..,
//    "dataverse":{"base_url":"http://127.0.0.1:P2","token":..},
//    "salesforce":{"base_url":"http://127.0.0.1:P3","username":..,"password":..,"private_key":..}}
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "connectors/dataverse/sandbox.h"
#include "connectors/salesforce/sandbox.h"
#include "engine/connector/sandbox.h"
#include "engine/http/client.h"
#include "engine/http/server.h"
#include "tests/support/key_pems.h"

namespace {

using tideway::Json;

constexpr const char* kTenant = "contoso.onmicrosoft.com";
constexpr const char* kClientId = "0f0f0f0f-0000-4000-8000-000000000001";
constexpr const char* kClientSecret = "sandbox-secret";

std::string address(const tideway::http::Server& server) {
    return "http://127.0.0.1:" + std::to_string(server.port());
}

std::unique_ptr<tideway::http::Server> serve(tideway::Loop& loop, tideway::http::Handler handler) {
    auto server = tideway::http::start_server(loop, {}, std::move(handler));
    if (!server) {
        std::cerr << server.error().text() << '\n';
        return nullptr;
    }
    return std::move(*server);
}

int run() {
    const tideway::SystemClock clock;
    tideway::Loop loop;
    tideway::connector::SandboxIdentity identity(clock);
    identity.put_app({kClientId, kClientSecret, "admin"});
    const auto client = tideway::http::make_curl_client(loop, {});
    tideway::connector::SandboxFaults faults(loop);
    tideway::connectors::dataverse::Sandbox dataverse(loop, *client, identity, clock, {});

    const auto identity_server = serve(loop, identity.handler());
    const auto dataverse_server = serve(loop, faults.wrap(dataverse.handler()));
    using Salesforce = tideway::connectors::salesforce::Sandbox;
    const auto keys = tideway::test_support::make_rsa_keys();
    tideway::connector::SandboxFaults salesforce_faults(loop);
    Salesforce salesforce(loop, clock, {});
    salesforce.put_app({kClientId, kClientSecret, Salesforce::kIntegrationUser, keys.public_pem});
    const auto salesforce_server = serve(loop, salesforce_faults.wrap(salesforce.handler()));
    if (!identity_server || !dataverse_server || !salesforce_server) {
        return 1;
    }
    dataverse.set_base_url(address(*dataverse_server));
    salesforce.set_base_url(address(*salesforce_server));
    const std::string token = identity.issue(
        {kTenant,
         kClientId,
         "",
         "admin",
         dataverse.base_url(),
         clock.now() + std::chrono::hours(12)}
    );
    const Json line = {
        {"identity", address(*identity_server)},
        {"tenant", kTenant},
        {"client_id", kClientId},
        {"client_secret", kClientSecret},
        {"dataverse", {{"base_url", dataverse.base_url()}, {"token", token}}},
        {"salesforce",
         {{"base_url", salesforce.base_url()},
          {"username", Salesforce::kSeller},
          {"password", "sandbox-password"},
          {"private_key", keys.private_pem}}}};
    std::cout << tideway::dump(line) << std::endl;

    std::thread until_input_ends([&loop] {
        std::string ignored;
        while (std::getline(std::cin, ignored)) {
        }
        loop.stop();
    });
    loop.run();
    until_input_ends.join();
    return 0;
}

}  // namespace

int main() {
    return run();
}
