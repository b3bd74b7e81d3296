#include "engine/app/sandboxes.h"

#include <filesystem>
#include <thread>
#include <utility>

#include "connectors/dataverse/sandbox.h"
#include "connectors/partner_center/sandbox.h"
#include "connectors/salesforce/sandbox.h"
#include "engine/app/config.h"
#include "engine/connector/sandbox.h"
#include "engine/http/client.h"
#include "engine/http/server.h"

namespace tideway::app {

namespace {

constexpr const char* kTenant = "contoso.onmicrosoft.com";
constexpr const char* kClientId = "11111111-2222-4333-8444-555555555555";
constexpr const char* kClientSecret = "sandbox-client-secret";
constexpr const char* kUser = "referrals.admin@contoso.example";

std::string loopback(const char* host, int port) {
    return std::string("http://") + host + ":" + std::to_string(port);
}

}  // namespace

struct Sandboxes::Parts {
    Parts(SandboxesOptions options_in, std::shared_ptr<Host> host_in)
        : options(std::move(options_in)),
          host(std::move(host_in)),
          clock(host->clock()),
          loop_owner(host->make_loop()),
          loop(*loop_owner),
          identity(clock, "sandbox"),
          faults(loop),
          salesforce_faults(loop) {}

    ~Parts() {
        loop.stop();
        if (thread.joinable()) {
            thread.join();
        }
        partner_center_server.reset();
        dataverse_server.reset();
        salesforce_server.reset();
    }

    Status open();
    Status open_salesforce();

    SandboxesOptions options;
    std::shared_ptr<Host> host;
    const Clock& clock;
    std::unique_ptr<Loop> loop_owner;
    Loop& loop;
    connector::SandboxIdentity identity;
    connector::SandboxFaults faults;  // of Dataverse; Partner Center has its own
    connector::SandboxFaults salesforce_faults;
    std::unique_ptr<http::Client> client;
    std::unique_ptr<connectors::partner_center::Sandbox> partner_center;
    std::unique_ptr<connectors::dataverse::Sandbox> dataverse;
    std::unique_ptr<connectors::salesforce::Sandbox> salesforce;
    std::unique_ptr<http::Server> partner_center_server;
    std::unique_ptr<http::Server> dataverse_server;
    std::unique_ptr<http::Server> salesforce_server;
    std::string ca_file;
    std::thread thread;
};

Status Sandboxes::Parts::open() {
    std::error_code error;
    std::filesystem::create_directories(options.folder, error);
    const bool keep = options.state == SandboxesOptions::State::kKeep;
    identity.put_user({kUser, "sandbox-password", "admin"});
    identity.put_app({kClientId, kClientSecret, "admin"});
    client = host->make_client(loop, {});
    connectors::partner_center::SandboxOptions partner_center_options;
    partner_center_options.state_file = keep ? options.folder + "/partner_center.json" : "";
    partner_center = std::make_unique<connectors::partner_center::Sandbox>(
        loop, *client, identity, clock, partner_center_options
    );
    TIDEWAY_TRY(partner_center->load_state());
    connectors::dataverse::Sandbox::Options dataverse_options;
    dataverse_options.state_file = keep ? options.folder + "/dataverse.json" : "";
    dataverse = std::make_unique<connectors::dataverse::Sandbox>(
        loop, *client, identity, clock, dataverse_options
    );
    TIDEWAY_TRY(dataverse->load_error());
    http::ServerOptions server;
    server.port = options.partner_center_port;
    TIDEWAY_TRY_ASSIGN(
        partner_center_server, host->listen(loop, server, partner_center->handler())
    );
    server.port = options.dataverse_port;
    TIDEWAY_TRY_ASSIGN(
        dataverse_server, host->listen(loop, server, faults.wrap(dataverse->handler()))
    );
    // Two names of one host: the two APIs of Partner Center need different tokens.
    partner_center->set_base_url(
        loopback("127.0.0.1", partner_center_server->port()),
        loopback("localhost", partner_center_server->port())
    );
    dataverse->set_base_url(loopback("127.0.0.1", dataverse_server->port()));
    TIDEWAY_TRY(open_salesforce());
    ca_file = std::filesystem::absolute(options.folder + "/partner_center_ca.pem").string();
    TIDEWAY_TRY(write_private_file(ca_file, partner_center->authority_pem()));
    thread = std::thread([this] { loop.run(); });
    return {};
}

Status Sandboxes::Parts::open_salesforce() {
    using connectors::salesforce::Sandbox;
    const bool keep = options.state == SandboxesOptions::State::kKeep;
    Sandbox::Options salesforce_options;
    salesforce_options.state_file = keep ? options.folder + "/salesforce.json" : "";
    salesforce = std::make_unique<Sandbox>(loop, clock, salesforce_options);
    TIDEWAY_TRY(salesforce->load_error());
    salesforce->put_app({kClientId, kClientSecret, Sandbox::kIntegrationUser});
    http::ServerOptions server;
    server.port = options.salesforce_port;
    TIDEWAY_TRY_ASSIGN(
        salesforce_server, host->listen(loop, server, salesforce_faults.wrap(salesforce->handler()))
    );
    salesforce->set_base_url(loopback("127.0.0.1", salesforce_server->port()));
    return {};
}

Sandboxes::Sandboxes(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)) {}

Sandboxes::~Sandboxes() = default;

Result<std::unique_ptr<Sandboxes>> Sandboxes::start(
    SandboxesOptions options, std::shared_ptr<Host> host
) {
    auto parts = std::make_unique<Parts>(std::move(options), std::move(host));
    TIDEWAY_TRY(parts->open());
    return std::unique_ptr<Sandboxes>(new Sandboxes(std::move(parts)));
}

std::string Sandboxes::partner_center_url() const {
    return loopback("127.0.0.1", parts_->partner_center_server->port());
}

std::string Sandboxes::dataverse_url() const {
    return loopback("127.0.0.1", parts_->dataverse_server->port());
}

std::string Sandboxes::salesforce_url() const {
    return loopback("127.0.0.1", parts_->salesforce_server->port());
}

Json Sandboxes::connections() const {
    Json salesforce = {
        {"client_id", kClientId},
        {"is_sandbox", true},
        {"allow_private_network", true},
        {"allow_plain_http", true},
    };
    Json common = salesforce;
    salesforce["base_url"] = salesforce_url();
    common["tenant"] = kTenant;
    common["authority"] = partner_center_url();
    Json partner_center = common;
    partner_center["base_url"] = partner_center_url();
    partner_center["webhooks_url"] = loopback("localhost", parts_->partner_center_server->port());
    partner_center["ca_file"] = parts_->ca_file;
    Json dataverse = common;
    dataverse["base_url"] = dataverse_url();
    const Json secrets = {{"client_secret", kClientSecret}};
    return {
        {"partner_center",
         {{"settings", partner_center}, {"secrets", secrets}, {"grant", "authorization_code"}}},
        {"dataverse",
         {{"settings", dataverse}, {"secrets", secrets}, {"grant", "client_credentials"}}},
        {"salesforce",
         {{"settings", salesforce}, {"secrets", secrets}, {"grant", "client_credentials"}}},
    };
}

}  // namespace tideway::app
