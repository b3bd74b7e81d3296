#include "tests/crash/crash_world.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/app/environment.h"
#include "engine/app/sign_in_flow.h"
#include "tests/support/poll.h"

namespace tideway::tests {

namespace {

constexpr auto kPause = std::chrono::milliseconds(10);
constexpr auto kProcessPatience = std::chrono::seconds(90);

// The lists of the sandboxes do not lag, and a request that was cut off lands within 700 ms.
constexpr int kTrustAbsentAfterSeconds = 2;

// Ports that are free now; the server has to come back on the same ones.
std::array<int, 2> free_ports() {
    std::array<int, 2> sockets{};
    std::array<int, 2> ports{};
    for (std::size_t i = 0; i < ports.size(); ++i) {
        sockets[i] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(sockets[i], generic, size) == 0 &&
            ::getsockname(sockets[i], generic, &size) == 0) {
            ports[i] = ntohs(address.sin_port);
        }
    }
    for (const int each : sockets) {
        ::close(each);
    }
    return ports;
}

Status connect_one(
    app::ApiClient& client,
    const Json& sandboxes,
    const std::string& connector,
    const std::string& name
) {
    TIDEWAY_TRY_ASSIGN(const model::ConnectorSpec spec, app::built_in_spec(connector));
    const Json& sandbox = sandboxes.at(connector);
    app::ConnectionPlan plan;
    plan.name = name;
    plan.grant = string_or(sandbox, "grant");
    plan.settings = sandbox.at("settings");
    plan.settings["trust_absent_after_s"] = kTrustAbsentAfterSeconds;
    for (const auto& [key, value] : sandbox.at("secrets").items()) {
        plan.secrets.insert_or_assign(key, Secret(value.get<std::string>()));
    }
    TIDEWAY_TRY_ASSIGN(const auto signed_in, app::sign_in(spec, plan, SystemClock()));
    TIDEWAY_TRY(app::put_connection(client, spec, plan, signed_in));
    return {};
}

bool is_open(const Json& run) {
    const std::string status = string_or(run, "status");
    return status == "Running" || status == "Waiting";
}

// Which of the deal's webhooks, of our half or of Microsoft's, makes the opportunity is a race in
// an undisturbed course as well; this branch tells the two apart.
constexpr const char* kMicrosoftBranch = "If it is about Microsoft's half, then";
constexpr const char* kMicrosoftFlow = "_microsoft_co_sell_referral_updates_to_";

void add_steps(const Json& steps, std::string& out) {
    for (const Json& step : steps) {
        if (string_or(step, "name") == kMicrosoftBranch) {
            continue;
        }
        const std::string name = string_or(step, "path", string_or(step, "name"));
        out += "  " + name + ": " + string_or(step, "status") + "\n";
        add_steps(step.value("children", Json::array()), out);
    }
}

}  // namespace

CrashWorld::CrashWorld(std::string program)
    : server_(std::move(program), log_file()) {
    std::filesystem::create_directory(disk());
}

Result<std::unique_ptr<CrashWorld>> CrashWorld::create(
    std::string program, CrmKind crm, const std::string& packs
) {
    std::unique_ptr<CrashWorld> world(new CrashWorld(std::move(program)));
    const auto [api_port, trigger_port] = free_ports();
    world->api_port_ = api_port;
    world->trigger_port_ = trigger_port;
    app::SandboxesOptions sandboxes;
    sandboxes.folder = world->folder_.file("sandbox");
    TIDEWAY_TRY_ASSIGN(world->sandboxes_, app::Sandboxes::start(std::move(sandboxes)));
    world->crm_ = make_crm(crm, *world->sandboxes_, world->calls_);
    world->pack_ = std::filesystem::absolute(packs + "/" + world->crm_->pack().name).string();
    TIDEWAY_TRY(world->partner_center("POST", "/robot", {{"mode", "manual"}}));
    TIDEWAY_TRY(world->begin_with_wiped_store());
    TIDEWAY_TRY(world->come_to_rest());
    TIDEWAY_TRY(world->server_.stop());
    std::filesystem::copy(
        world->data_folder(),
        world->folder_.file("template"),
        std::filesystem::copy_options::recursive
    );
    return world;
}

Status CrashWorld::begin_with_wiped_store() {
    server_.kill();
    std::filesystem::remove_all(data_folder());
    TIDEWAY_TRY(make_environment(data_folder()));
    TIDEWAY_TRY(restart({}));
    TIDEWAY_TRY(connect_and_turn_on());
    return register_webhook();
}

Status CrashWorld::make_environment(const std::string& data_folder) {
    app::EnvironmentPlan plan;
    plan.config.data_folder = data_folder;
    plan.config.environment = "crash";
    plan.config.api_port = api_port_;
    plan.config.trigger_port = trigger_port_;
    plan.config.packs = {pack_};
    app::ServerAddress address;
    address.url = "http://127.0.0.1:" + std::to_string(api_port_);
    TIDEWAY_TRY_ASSIGN(address.token, app::create_environment(plan));
    api_ = std::make_unique<app::ApiClient>(std::move(address));
    return {};
}

Status CrashWorld::connect_and_turn_on() {
    TIDEWAY_TRY(sign_in_again());
    const Json sandboxes = sandboxes_->connections();
    TIDEWAY_TRY(connect_one(*api_, sandboxes, crm_->pack().connector, crm_->pack().reference));
    TIDEWAY_TRY_ASSIGN(const Json answer, api("POST", "/flows-on", {{"preflight", "skip"}}));
    if (!answer.at("failed").empty()) {
        return fail(ErrorKind::kConflict, "FlowsAreOff", dump(answer.at("failed")));
    }
    return {};
}

Status CrashWorld::register_webhook() {
    const std::string flows = "/flows/" + crm_->pack().name + "/";
    TIDEWAY_TRY_ASSIGN(const Json target, api("GET", flows + crm_->pack().inbound));
    const Json input = {
        {"input", {{"url", string_or(target, "trigger_url")}, {"overwrite", true}}}};
    TIDEWAY_TRY_ASSIGN(const Json admitted, api("POST", flows + "webhook_registration/run", input));
    const std::string id = admitted.at("runs").at(0).get<std::string>();
    std::string status;
    TIDEWAY_TRY(wait_until("the webhook registration", [&]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const Json run, api("GET", "/runs/" + id));
        status = string_or(run, "status") + ": " + string_or(run, "headline");
        return !is_open(run);
    }));
    if (!status.starts_with("Succeeded")) {
        return fail(ErrorKind::kInternal, "RegistrationFailed", status);
    }
    return {};
}

Status CrashWorld::begin(Lives lives) {
    server_.kill();
    for (const char* what : {"/faults", "/writes", "/deliveries", "/deals"}) {
        TIDEWAY_TRY(partner_center("DELETE", what));
    }
    TIDEWAY_TRY(partner_center("POST", "/identity", {{"token_lifetime_s", 3600}}));
    TIDEWAY_TRY(crm_->begin());
    std::filesystem::remove_all(data_folder());
    std::filesystem::copy(
        folder_.file("template"), data_folder(), std::filesystem::copy_options::recursive
    );
    TIDEWAY_TRY_ASSIGN(std::string token, app::read_text_file(data_folder() + "/admin.token"));
    token.erase(token.find_last_not_of('\n') + 1);
    app::ServerAddress address;
    address.url = "http://127.0.0.1:" + std::to_string(api_port_);
    address.token = token;
    api_ = std::make_unique<app::ApiClient>(std::move(address));
    return restart(std::move(lives));
}

Status CrashWorld::restart(Lives lives) {
    TIDEWAY_TRY(server_.start(data_folder(), std::move(lives)));
    return await_health();
}

Status CrashWorld::await_health() {
    const std::string url = "http://127.0.0.1:" + std::to_string(api_port_) + "/health";
    return wait_until("the server", [this, url]() -> Result<bool> {
        return calls_.send("GET", url).has_value();
    });
}

Status CrashWorld::wait_until(const std::string& what, const std::function<Result<bool>()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kProcessPatience;
    while (true) {
        TIDEWAY_TRY(server_.keep_up());
        const Result<bool> now = holds();
        if (now && *now) {
            return {};
        }
        if (std::chrono::steady_clock::now() > deadline) {
            return fail(
                ErrorKind::kTimeout,
                "NotQuiet",
                "Waited 90 s for " + what + "." + (now ? "" : " Last: " + now.error().text())
            );
        }
        tests::between_looks(kPause);
    }
}

Status CrashWorld::settle() {
    TIDEWAY_TRY(crm_->end_of_saves());
    return come_to_rest();
}

// Nothing waits to be delivered and no run is open, and between two looks at the deliveries none
// was made: a run that is open makes deliveries, a delivery is answered when its run is durable.
Status CrashWorld::come_to_rest() {
    return wait_until("everything to come to rest", [this]() -> Result<bool> {
        TIDEWAY_TRY_ASSIGN(const std::string before, quiet_mark());
        if (before.empty()) {
            return false;
        }
        TIDEWAY_TRY_ASSIGN(const auto open, runs("&status=Running,Waiting"));
        TIDEWAY_TRY_ASSIGN(const std::string after, quiet_mark());
        return open.empty() && before == after;
    });
}

Result<std::string> CrashWorld::quiet_mark() {
    TIDEWAY_TRY_ASSIGN(const Json log, partner_center("GET", "/deliveries"));
    for (const Json& delivery : log.at("deliveries")) {
        if (string_or(delivery, "state") == "waiting") {
            return std::string();
        }
    }
    TIDEWAY_TRY_ASSIGN(const std::string told, crm_->told(*api_));
    return told.empty() ? told : told + " " + std::to_string(log.at("deliveries").size());
}

Result<Json> CrashWorld::api(const std::string& method, const std::string& path, const Json& body) {
    return api_->call(method, path, body);
}

Result<Json> CrashWorld::partner_center(
    const std::string& method, const std::string& path, const Json& body
) {
    return calls_.send(method, sandboxes_->partner_center_url() + "/sandbox" + path, body);
}

Status CrashWorld::sign_in_again() {
    return connect_one(
        *api_, sandboxes_->connections(), "partner_center", "partner_center_referrals"
    );
}

Result<Json> CrashWorld::announce_deal(const std::string& name) {
    return partner_center(
        "POST",
        "/deals",
        {{"name", name},
         {"customerProfile", {{"name", "Customer of " + name}}},
         {"details",
          {{"dealValue", 42000},
           {"currency", "EUR"},
           {"closingDateTime", "2027-03-31T23:30:00Z"},
           {"notes", "Wants a pilot in spring."}}}}
    );
}

Result<std::vector<SeenOpportunity>> CrashWorld::opportunities(
    std::string SeenOpportunity::*column, const std::string& text
) {
    TIDEWAY_TRY_ASSIGN(auto out, crm_->opportunities());
    std::erase_if(out, [&](const SeenOpportunity& each) { return each.*column != text; });
    return out;
}

Result<std::vector<Json>> CrashWorld::deals(const std::string& key, const Json& value) {
    TIDEWAY_TRY_ASSIGN(const Json all, partner_center("GET", "/deals"));
    std::vector<Json> out;
    for (const Json& deal : all.at("deals")) {
        const Json* cell = find(deal, key);
        if (cell != nullptr && *cell == value) {
            out.push_back(deal);
        }
    }
    return out;
}

namespace {

int count_accepted(const Json& writes, const std::string& method) {
    int out = 0;
    for (const Json& write : writes) {
        const bool counts =
            string_or(write, "method") == method &&
            string_or(write, "path").find("/engagements/referrals") != std::string::npos &&
            int_or(write, "status", 0) < 300;
        out += counts ? 1 : 0;
    }
    return out;
}

}  // namespace

Result<int> CrashWorld::creates_in_partner_center() {
    TIDEWAY_TRY_ASSIGN(const Json log, partner_center("GET", "/writes"));
    return count_accepted(log.at("writes"), "POST");
}

Result<int> CrashWorld::patches_in_partner_center() {
    TIDEWAY_TRY_ASSIGN(const Json log, partner_center("GET", "/writes"));
    return count_accepted(log.at("writes"), "PATCH");
}

void CrashWorld::keep_data(const std::string& name) const {
    const char* folder =
        std::getenv("TIDEWAY_TEST_KEEP");  // NOLINT(concurrency-mt-unsafe): before any thread
    if (folder == nullptr) {
        return;
    }
    std::error_code ignored;
    std::filesystem::copy(
        data_folder(),
        std::filesystem::path(folder) / name,
        std::filesystem::copy_options::recursive,
        ignored
    );
    std::filesystem::copy(log_file(), std::filesystem::path(folder) / name / "server.log", ignored);
}

// Without the template's own run, the webhook registration.
Result<std::vector<Json>> CrashWorld::runs(const std::string& query) {
    TIDEWAY_TRY_ASSIGN(const Json answer, api("GET", "/runs?limit=500" + query));
    std::vector<Json> out;
    for (const Json& run : answer.at("value")) {
        if (!string_or(run, "flow").ends_with("webhook_registration")) {
            out.push_back(run);
        }
    }
    return out;
}

Result<std::string> CrashWorld::history_of(const std::string& outcome) {
    TIDEWAY_TRY_ASSIGN(const auto all, runs());
    std::set<std::string> tree;
    std::vector<std::string> parts;
    // Newest first: from the end, so that a parent comes before its children.
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        const Json& run = *it;
        const bool is_top = string_or(run, "outcome") == outcome && !run.contains("parent");
        if (!is_top && !tree.contains(string_or(run, "parent", "none"))) {
            continue;
        }
        tree.insert(string_or(run, "id"));
        if (string_or(run, "flow").find(kMicrosoftFlow) != std::string::npos) {
            continue;
        }
        TIDEWAY_TRY_ASSIGN(const Json shown, api("GET", "/runs/" + string_or(run, "id")));
        std::string part = string_or(run, "flow") + " " + string_or(run, "status") + "\n";
        add_steps(shown.at("steps"), part);
        parts.push_back(std::move(part));
    }
    std::ranges::sort(parts);
    std::string out;
    for (const std::string& part : parts) {
        out += part;
    }
    return out;
}

}  // namespace tideway::tests
