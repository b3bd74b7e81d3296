#include "engine/runtime/cases/case_runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/runtime/cases/case_check.h"
#include "engine/runtime/cases/case_world.h"
#include "engine/runtime/cases/json_match.h"
#include "engine/script/outline.h"

namespace tideway::runtime {

namespace {

Result<std::vector<CaseDifference>> play(CaseWorld& world, const Case& test) {
    std::vector<CaseDifference> out;
    auto delivered = world.deliver(test);
    if (!delivered && delivered.error().code == "TriggerInputSchemaMismatch") {
        out.push_back({"event", "what the trigger takes", delivered.error().message});
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const Admitted admitted, std::move(delivered));
    const std::string event(to_string(admitted.status));
    if (event != test.run.event) {
        out.push_back({"event", test.run.event, event + ": " + admitted.reason});
    }
    if (admitted.runs.empty() || event != test.run.event) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const SeenRun seen, world.run(admitted.runs.front()));
    return check_run(test.run, seen, [&world](const SeenRun& parent, const std::string& path) {
        return world.child(parent, path);
    });
}

// The flow, and what it calls, and so on.
void add_reachable(const Pack& pack, const std::string& flow, std::set<std::string>& out) {
    const bool is_there = std::ranges::find(pack.flows, flow) != pack.flows.end();
    if (!is_there || !out.insert(flow).second) {
        return;
    }
    const auto analysis = script::analyse(flow + ".lua", pack.files_of(flow), nullptr);
    for (const std::string& child : analysis.children) {
        add_reachable(pack, child, out);
    }
}

// What the case did not foresee comes first: the rest mostly follows from it.
void add_service(
    const Case& test, const ScriptedService& service, std::vector<CaseDifference>& out
) {
    std::vector<CaseDifference> unanswered;
    for (const std::string& call : service.unanswered()) {
        unanswered.push_back({"answers", "an answer for every call", call});
    }
    out.insert(out.begin(), unanswered.begin(), unanswered.end());
    for (const CaseAnswer* answer : service.unused()) {
        out.push_back(
            {"answers, line " + std::to_string(answer->line),
             answer->call + (answer->input.is_null() ? "" : " " + shown_value(answer->input)),
             "not called so often (\"times\": \"any\" allows it)"}
        );
    }
    if (test.expected_effects) {
        for (CaseDifference& each : check_effects(*test.expected_effects, service.effects())) {
            out.push_back(std::move(each));
        }
    }
}

// A muted run looks at what it would change; a case answers what its flow asks for, and no more.
Result<std::string> without_looks(const ConnectorText& connector) {
    TIDEWAY_TRY_ASSIGN(Json spec, parse_json(connector.spec_json, connector.id));
    for (Json& operation : spec["operations"]) {
        operation.erase("before");
    }
    return dump(spec);
}

}  // namespace

Result<std::unique_ptr<CaseRunner>> CaseRunner::create(const std::vector<ConnectorText>& connectors
) {
    std::unique_ptr<CaseRunner> runner(new CaseRunner());
    std::vector<connector::Registry::Source> sources;
    for (const ConnectorText& text : connectors) {
        TIDEWAY_TRY_ASSIGN(std::string spec, without_looks(text));
        sources.push_back({text.id, std::move(spec), make_scripted_connector(runner->service_)});
    }
    TIDEWAY_TRY_ASSIGN(runner->registry_, connector::Registry::create(std::move(sources)));
    for (const model::ConnectorSpec* spec : runner->registry_->specs()) {
        runner->specs_[spec->id] = spec;
    }
    return runner;
}

// Publishing checks every flow: those that the case cannot come to need none of its time.
Pack CaseRunner::only_reachable(const Pack& pack, const std::string& flow) {
    const auto [it, is_new] = reachable_.try_emplace(pack.name + "/" + flow);
    if (is_new) {
        add_reachable(pack, flow, it->second);
    }
    Pack out = pack;
    std::erase_if(out.flows, [&names = it->second](const std::string& name) {
        return !names.contains(name);
    });
    return out;
}

Result<CaseResult> CaseRunner::run(const Pack& pack, const Case& test) {
    const auto begun = std::chrono::steady_clock::now();
    service_.begin(test.answers);
    CaseResult result;
    const Pack part = only_reachable(pack, test.flow);
    CaseWorld world(*registry_, test.at);
    TIDEWAY_TRY(world.open(part, test));
    TIDEWAY_TRY_ASSIGN(result.differences, play(world, test));
    add_service(test, service_, result.differences);
    for (const CaseCallback& callback : world.untaken_callbacks()) {
        result.differences.push_back(
            {"callbacks, line " + std::to_string(callback.line),
             "a call to the address of " + callback.step,
             "no run waited for it"}
        );
    }
    result.took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
    return result;
}

}  // namespace tideway::runtime
