// A StepHost for tests: answers from rules, records what was asked.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/script/execution.h"
#include "engine/script/vm.h"

namespace tideway::script {

class RecordingHost final : public StepHost {
  public:
    using Rule = std::function<std::optional<Answer>(const StepRequest&)>;

    std::optional<Answer> request(const StepRequest& request) override {
        requests.push_back(request);
        if (rule) {
            return rule(request);
        }
        return answer_at_once(request);
    }

    // What a host without a journal would say to everything that needs no service.
    static Answer answer_at_once(const StepRequest& request) {
        switch (request.kind) {
            case RequestKind::kCompose:
            case RequestKind::kCondition:
                return Answer::of(request.input);
            case RequestKind::kNow:
                return Answer::of(Payload("\"2026-02-03T10:11:12Z\""));
            case RequestKind::kUuid:
                return Answer::of(Payload("\"00000000-0000-4000-8000-000000000001\""));
            case RequestKind::kRandom:
                return Answer::of(Payload("0.25"));
            case RequestKind::kTerminate:
                return Answer::stop();
            default:
                return Answer::of(Payload());
        }
    }

    // "kind path" of everything that was asked, in order.
    std::vector<std::string> paths(RequestKind kind) const {
        std::vector<std::string> out;
        for (const StepRequest& each : requests) {
            if (each.kind == kind) {
                out.push_back(each.path);
            }
        }
        return out;
    }

    std::vector<std::string> log() const {
        std::vector<std::string> out;
        for (const StepRequest& each : requests) {
            out.push_back(
                std::to_string(static_cast<int>(each.kind)) + " " + each.path + " " +
                each.operation + " " + each.input.str()
            );
        }
        return out;
    }

    Rule rule;
    std::vector<StepRequest> requests;
};

// The connector that test flows use.
inline const model::ConnectorSpec& shop_spec() {
    static const model::ConnectorSpec spec = [] {
        model::ConnectorSpec out;
        out.id = "shop";
        model::OperationSpec create;
        create.id = "create_row";
        create.effect = model::EffectClass::kIdempotent;
        create.input_schema = Json::parse(R"({"type":"object","properties":{
            "lines":{"type":"array","items":{"type":"object"}},
            "row":{"type":"object","properties":{"tags":{"type":"array"}}},
            "token":{"type":"string"}}})");
        create.secret_fields = {"/token"};
        model::OperationSpec get = create;
        get.id = "get_row";
        out.operations = {create, get};
        model::TriggerSpec trigger;
        trigger.id = "order_event";
        trigger.config_schema =
            Json::parse(R"({"type":"object","properties":{"columns":{"type":"array"}}})");
        out.triggers = {trigger};
        return out;
    }();
    return spec;
}

inline Program program_of(std::string text, std::map<std::string, std::string> files = {}) {
    Program program;
    program.main_file = "main.lua";
    program.files = std::move(files);
    program.files["main.lua"] = std::move(text);
    program.connections = {{"shop", &shop_spec()}};
    program.connectors = {&shop_spec()};
    return program;
}

// A flow whose run function has `body`; the event is `event`.
inline std::string flow_of(const std::string& body) {
    return "return flow { title = 'Test', trigger = trigger.manual {}, run = function(event)\n" +
           body + "\nend }";
}

inline std::unique_ptr<Vm> make_vm(
    std::string text, VmLimits limits = {}, std::map<std::string, std::string> files = {}
) {
    auto vm = Vm::create(program_of(std::move(text), std::move(files)), limits);
    if (!vm) {
        throw std::runtime_error(vm.error().text());
    }
    return std::move(*vm);
}

// Goes on through every preemption.
inline ExecutionState finish(Execution& execution, ExecutionState state) {
    while (state.kind == ExecutionState::Kind::kPreempted) {
        state = execution.resume();
    }
    return state;
}

// Runs `body` to its end on a host that answers at once.
struct Ran {
    RecordingHost host;
    ExecutionState state;

    std::string value() const {
        return state.kind == ExecutionState::Kind::kReturned
                   ? state.value.str()
                   : "failed: " + state.error.code + ": " + state.error.message;
    }
};

inline Ran run_body(
    const std::string& body,
    const std::string& event = {},
    VmLimits limits = {},
    std::map<std::string, std::string> files = {}
) {
    Ran out;
    const auto vm = make_vm(flow_of(body), limits, std::move(files));
    const auto execution =
        Execution::create(*vm, out.host, {"run-1", "", "", "v1", "main", "test"});
    out.state = finish(*execution, execution->start(event.empty() ? Payload() : Payload(event)));
    return out;
}

}  // namespace tideway::script
