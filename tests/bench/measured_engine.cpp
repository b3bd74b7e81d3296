#include "tests/bench/measured_engine.h"

#include <cstdio>

#include "engine/app/api_client.h"
#include "engine/app/engine.h"
#include "engine/app/environment.h"

namespace tideway::bench {
namespace {

struct Serving {
    std::unique_ptr<app::Engine> engine;
    std::string path;
};

Result<Serving> serve(const std::string& folder, int shards, Log& log) {
    app::EnvironmentPlan plan;
    plan.config.data_folder = folder;
    plan.config.environment = "bench";
    plan.config.api_port = 0;
    plan.config.trigger_port = 0;
    plan.config.packs = {TIDEWAY_BENCH_PACK};
    plan.config.shards = shards;
    TIDEWAY_TRY_ASSIGN(const std::string token, app::create_environment(plan));
    Serving out;
    TIDEWAY_TRY_ASSIGN(out.engine, app::Engine::start(plan.config, log));
    app::ServerAddress address;
    address.url = "http://127.0.0.1:" + std::to_string(out.engine->api_port());
    address.token = token;
    app::ApiClient api(std::move(address));
    TIDEWAY_TRY(api.post("/flows/bench/ten_steps/on"));
    TIDEWAY_TRY_ASSIGN(const Json flow, api.get("/flows/bench/ten_steps"));
    const std::string url = string_or(flow, "trigger_url");
    const std::string before_path = out.engine->public_url();
    if (!url.starts_with(before_path)) {
        return fail(ErrorKind::kInternal, "NoAddress", "The flow has no address: " + dump(flow));
    }
    out.path = url.substr(before_path.size());
    return out;
}

}  // namespace

int run_engine(const ParentLink& parent, const std::string& folder, int shards) {
    StderrLog log(LogLevel::kWarning);
    auto serving = serve(folder, shards, log);
    if (!serving) {
        std::fprintf(stderr, "bench_runs: %s\n", serving.error().text().c_str());
        return 1;
    }
    parent.send_ready(serving->engine->trigger_port(), serving->path);
    while (parent.wait()) {
        const auto counters = serving->engine->store_counters();
        parent.send_counters({counters.commits, counters.batches});
    }
    return 0;
}

}  // namespace tideway::bench
