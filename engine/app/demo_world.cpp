#include "engine/app/demo_world.h"

#include <filesystem>
#include <thread>
#include <utility>

#include "engine/app/environment.h"
#include "engine/app/sign_in_flow.h"
#include "engine/http/url.h"
#include "engine/runtime/pack.h"

namespace tideway::app {

namespace {

// A name as Partner Center has it, without the check mark of a synchronized opportunity.
Json unmarked(const Json& cell) {
    constexpr std::string_view kCheckMark = "\xE2\x9C\x93 ";
    if (!cell.is_string() || !cell.get_ref<const std::string&>().starts_with(kCheckMark)) {
        return cell;
    }
    return cell.get<std::string>().substr(kCheckMark.size());
}

constexpr const char* kEnvironment = "demo";
constexpr const char* kSeller = "jamie.reding@contoso.com";

}  // namespace

void DemoWorld::pause() {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

Timestamp DemoWorld::in_thirty_seconds() {
    return SystemClock().now() + std::chrono::seconds(30);
}

bool DemoWorld::is_over(Timestamp deadline) {
    return SystemClock().now() > deadline;
}

Result<std::unique_ptr<DemoWorld>> DemoWorld::create(
    const std::string& folder, const std::string& pack, Log& log, const std::shared_ptr<Host>& host
) {
    if (const auto there = read_config(folder); there && there->environment != kEnvironment) {
        return fail(
            ErrorKind::kConflict,
            "DemoFailed",
            "The folder " + folder + " holds the environment '" + there->environment +
                "', which the demo would replace.",
            "Name another folder: tideway demo --data /tmp/tideway-demo"
        );
    }
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    std::unique_ptr<DemoWorld> world(new DemoWorld(log, host));
    SandboxesOptions sandboxes;
    sandboxes.folder = folder + "/sandbox";
    TIDEWAY_TRY_ASSIGN(world->sandboxes_, Sandboxes::start(std::move(sandboxes), host));
    EnvironmentPlan plan;
    plan.config.data_folder = folder;
    plan.config.environment = kEnvironment;
    plan.config.api_port = 0;
    plan.config.trigger_port = 0;
    plan.config.packs = {std::filesystem::absolute(pack).string()};
    TIDEWAY_TRY_ASSIGN(const std::string token, create_environment(plan));
    TIDEWAY_TRY_ASSIGN(world->config_, read_config(folder));
    TIDEWAY_TRY(world->start_server());
    // Written back, so that the command line finds the server.
    world->config_.api_port = world->engine_->api_port();
    world->config_.trigger_port = world->engine_->trigger_port();
    TIDEWAY_TRY(write_config(world->config_));
    ServerAddress address;
    address.url = "http://127.0.0.1:" + std::to_string(world->engine_->api_port());
    address.token = token;
    world->api_ = std::make_unique<ApiClient>(std::move(address), host);
    TIDEWAY_TRY(world->release_brake());
    TIDEWAY_TRY(world->connect(pack));
    return world;
}

Status DemoWorld::start_server(const std::shared_ptr<Host>& host) {
    TIDEWAY_TRY_ASSIGN(engine_, Engine::start(config_, log_, host));
    return {};
}

// It does in minutes what a business does in weeks.
Status DemoWorld::release_brake() {
    TIDEWAY_TRY(api_->call("PATCH", "/environment", {{"brake", {{"is_on", false}}}}));
    return {};
}

Status DemoWorld::connect(const std::string& pack) {
    TIDEWAY_TRY_ASSIGN(const runtime::Pack read, runtime::read_pack(pack));
    for (const runtime::PackReference& reference : read.references) {
        if (sandboxes_->connections().contains(reference.connector)) {
            TIDEWAY_TRY(connect_one(reference.connector, reference.name));
        }
    }
    return {};
}

Status DemoWorld::connect_one(const std::string& connector, const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const model::ConnectorSpec spec, built_in_spec(connector));
    const Json sandbox = sandboxes_->connections().at(connector);
    ConnectionPlan plan;
    plan.name = name;
    plan.grant = string_or(sandbox, "grant");
    plan.settings = sandbox.at("settings");
    for (const auto& [key, value] : sandbox.at("secrets").items()) {
        plan.secrets.insert_or_assign(key, Secret(value.get<std::string>()));
    }
    TIDEWAY_TRY_ASSIGN(const auto signed_in, sign_in(spec, plan, host_->clock(), http_));
    TIDEWAY_TRY_ASSIGN(const Json checks, put_connection(*api_, spec, plan, signed_in));
    for (const Json& check : checks.value("checks", Json::array())) {
        if (!bool_or(check, "ok", false)) {
            return fail(
                ErrorKind::kForbidden,
                "ConnectionIncomplete",
                name + ": " + string_or(check, "what") + ": " + string_or(check, "message")
            );
        }
    }
    return {};
}

Result<Json> DemoWorld::send(const std::string& method, const std::string& url, const Json& body) {
    http::Request request;
    request.method = method;
    request.url = url;
    if (!body.is_null()) {
        request.headers.set("Content-Type", "application/json");
        request.body = dump(body);
    }
    http::NetworkPolicy policy;
    policy.allow_private = true;
    policy.allow_plain_http = true;
    TIDEWAY_TRY_ASSIGN(const http::Response response, http_.send(std::move(request), policy));
    if (response.status >= 400) {
        return fail(
            ErrorKind::kInvalidInput,
            "SandboxRefused",
            method + " " + url + " answered " + std::to_string(response.status) + ": " +
                response.body.substr(0, 500)
        );
    }
    if (response.body.empty()) {
        Json out = Json::object();
        if (const auto id = response.headers.get("OData-EntityId")) {
            out["entity"] = std::string(*id);
        }
        return out;
    }
    return parse_json(response.body, "The sandbox's answer");
}

Result<Json> DemoWorld::partner_center(
    const std::string& method, const std::string& path, const Json& body
) {
    return send(method, sandboxes_->partner_center_url() + "/sandbox" + path, body);
}

Result<Json> DemoWorld::dataverse(
    const std::string& method, const std::string& path, const Json& body
) {
    return send(method, sandboxes_->dataverse_url() + "/sandbox" + path, body);
}

Result<Json> DemoWorld::salesforce(
    const std::string& method, const std::string& path, const Json& body
) {
    return send(method, sandboxes_->salesforce_url() + "/sandbox" + path, body);
}

Result<Json> DemoWorld::announce_deal(const Json& deal) {
    return partner_center("POST", "/deals", deal);
}

Result<Json> DemoWorld::edit_deal(const std::string& id, const Json& changes) {
    return partner_center("PATCH", "/deals/" + id, changes);
}

Result<Json> DemoWorld::deals() {
    return partner_center("GET", "/deals", {});
}

Result<std::vector<Json>> DemoWorld::halves(const std::string& engagement) {
    TIDEWAY_TRY_ASSIGN(const Json all, deals());
    std::vector<Json> out;
    for (const Json& deal : all.at("deals")) {
        if (string_or(deal, "engagementId") == engagement) {
            out.push_back(deal);
        }
    }
    return out;
}

Status DemoWorld::set_deliveries(const Json& settings) {
    TIDEWAY_TRY(partner_center("POST", "/deliveries", settings));
    return {};
}

Result<std::vector<Json>> DemoWorld::opportunities(const std::string& column, const Json& value) {
    TIDEWAY_TRY_ASSIGN(const Json all, dataverse("GET", "/rows/opportunity", {}));
    std::vector<Json> out;
    for (const Json& row : all.at("rows")) {
        const Json* cell = find(row, column);
        if (cell != nullptr && unmarked(*cell) == unmarked(value)) {
            out.push_back(row);
        }
    }
    return out;
}

Result<Json> DemoWorld::seller(
    const std::string& method, const std::string& path, const Json& body
) {
    return dataverse(method, "/as/" + http::encode_component(kSeller) + path, body);
}

Result<std::vector<Json>> DemoWorld::runs(const std::string& query) {
    TIDEWAY_TRY_ASSIGN(const Json answer, api_->get("/runs?limit=500" + query));
    return answer.at("value").get<std::vector<Json>>();
}

Result<Json> DemoWorld::finished_run(const std::string& id) {
    return wait_for<Json>("the run " + id, [this, id]() -> Result<std::optional<Json>> {
        TIDEWAY_TRY_ASSIGN(Json run, api_->get("/runs/" + id));
        const std::string status = string_or(run, "status");
        const bool is_open = status == "Running" || status == "Waiting";
        return is_open ? std::nullopt : std::optional<Json>(std::move(run));
    });
}

Status DemoWorld::settle() {
    int quiet = 0;
    std::string newest = "none yet";
    TIDEWAY_TRY(wait_for<bool>("all runs", [&]() -> Result<std::optional<bool>> {
        TIDEWAY_TRY_ASSIGN(const auto open, runs("&status=Running,Waiting"));
        TIDEWAY_TRY_ASSIGN(const auto all, runs(""));
        TIDEWAY_TRY_ASSIGN(const Json status, partner_center("GET", "/deliveries", {}));
        const std::string last = all.empty() ? "" : string_or(all.front(), "id");
        bool is_quiet = open.empty() && last == newest;
        for (const Json& delivery : status.value("deliveries", Json::array())) {
            is_quiet = is_quiet && string_or(delivery, "state") != "waiting";
        }
        newest = last;
        quiet = is_quiet ? quiet + 1 : 0;
        return quiet >= 10 ? std::optional<bool>(true) : std::nullopt;
    }));
    return {};
}

}  // namespace tideway::app
