#include "engine/runtime/cases/scripted_service.h"

#include <utility>

#include "engine/runtime/cases/json_match.h"

namespace tideway::runtime {

using connector::Call;
using connector::Done;
using connector::Failed;
using connector::Turn;
using model::AttemptClass;
using model::EffectClass;

namespace {

constexpr const char* kReference = "case_reference";

std::string name_of(const Call& call) {
    return string_or(call.settings, kReference) + "." + call.operation->id;
}

Failed lost(bool may_have_happened) {
    Failed out;
    out.error.kind = ErrorKind::kUnavailable;
    out.error.code = "ConnectionFailed";
    out.error.message = may_have_happened ? "The connection broke before the answer came."
                                          : "The connection broke before the request left.";
    out.attempt_class = may_have_happened ? AttemptClass::kInDoubt : AttemptClass::kNotDone;
    return out;
}

class ScriptedExchange final : public connector::Exchange {
  public:
    ScriptedExchange(ScriptedService& service, Call call, ScriptedService::Question question)
        : service_(service),
          call_(std::move(call)),
          question_(question) {}

    Turn begin() override { return service_.answer(call_, question_); }

    Turn on_response(const http::Response& /*response*/) override { return lost(false); }

  private:
    ScriptedService& service_;
    Call call_;
    ScriptedService::Question question_;
};

class ScriptedConnector final : public connector::Connector {
  public:
    explicit ScriptedConnector(ScriptedService& service)
        : service_(service) {}

    std::unique_ptr<connector::Exchange> start(const Call& call) const override {
        return std::make_unique<ScriptedExchange>(service_, call, ScriptedService::Question::kCall);
    }

    std::unique_ptr<connector::Exchange> probe(const Call& call) const override {
        return std::make_unique<ScriptedExchange>(
            service_, call, ScriptedService::Question::kProbe
        );
    }

  private:
    ScriptedService& service_;
};

}  // namespace

void ScriptedService::begin(const std::vector<CaseAnswer>& answers) {
    planned_.clear();
    effects_.clear();
    unanswered_.clear();
    for (const CaseAnswer& answer : answers) {
        planned_.push_back({answer, 0});
    }
}

ScriptedService::Planned* ScriptedService::next(
    const std::string& call, const Json& input, bool is_probe
) {
    for (Planned& planned : planned_) {
        const CaseAnswer& answer = planned.answer;
        const bool is_left = !answer.times || planned.used < *answer.times;
        if (is_left && answer.call == call && answer.is_probe == is_probe &&
            (answer.input.is_null() || contains(input, answer.input))) {
            ++planned.used;
            return &planned;
        }
    }
    return nullptr;
}

std::string ScriptedService::offered(const std::string& call, bool is_probe) const {
    std::string out;
    for (const Planned& planned : planned_) {
        const CaseAnswer& answer = planned.answer;
        if (answer.call != call || answer.is_probe != is_probe) {
            continue;
        }
        const bool is_left = !answer.times || planned.used < *answer.times;
        out += "\n  line " + std::to_string(answer.line) + ": " +
               (answer.input.is_null() ? "any input" : shown_value(answer.input)) +
               (is_left ? "" : ", used up");
    }
    const std::string what = call + (is_probe ? ", asked whether it took place" : "");
    return out.empty() ? "The case has no answers of " + what + "."
                       : "Of " + what + " it has:" + out;
}

Turn ScriptedService::answer(const Call& call, Question question) {
    const std::string name = name_of(call);
    const bool is_probe = question == Question::kProbe;
    Planned* planned = next(name, call.input, is_probe);
    if (planned == nullptr) {
        Failed out;
        out.error.kind = ErrorKind::kInvalidInput;
        out.error.code = "CaseAnswerMissing";
        out.error.message = "The case has no answer for " + name + ".";
        unanswered_.push_back(
            name + (is_probe ? " was asked about, called with " : " was called with ") +
            dump(call.input) + ". " + offered(name, is_probe)
        );
        return out;
    }
    const CaseAnswer& said = planned->answer;
    const bool is_effect = call.operation->effect != EffectClass::kRead && !is_probe;
    if (said.kind == CaseAnswer::Kind::kRefusal) {
        return refuse(call, said.refusal);
    }
    if (said.kind == CaseAnswer::Kind::kLostBefore) {
        return lost(false);
    }
    if (is_effect) {
        effects_.push_back({name, call.input});
    }
    if (said.kind == CaseAnswer::Kind::kLostAfter) {
        return lost(is_effect);
    }
    return Done{to_payload(said.output), {}};
}

Turn ScriptedService::refuse(const Call& call, const Json& refusal) const {
    http::Response response;
    response.status = static_cast<int>(int_or(refusal, "status", 400));
    if (const Json* headers = find(refusal, "headers")) {
        for (const auto& [name, value] : headers->items()) {
            response.headers.set(name, value.get<std::string>());
        }
    }
    if (const Json* body = find(refusal, "body")) {
        response.body = body->is_string() ? body->get<std::string>() : dump(*body);
    } else {
        response.body = dump(Json{
            {"error",
             {{"code", string_or(refusal, "code", "refused")},
              {"message", string_or(refusal, "message", "The service refuses.")}}}});
    }
    return Failed{
        connector::service_error(response, call.now),
        connector::classify(response.status, call.operation->effect)};
}

std::vector<const CaseAnswer*> ScriptedService::unused() const {
    std::vector<const CaseAnswer*> out;
    for (const Planned& planned : planned_) {
        if (planned.answer.times && planned.used < *planned.answer.times) {
            out.push_back(&planned.answer);
        }
    }
    return out;
}

Json case_connection_settings(const std::string& reference) {
    return {{kReference, reference}};
}

std::unique_ptr<connector::Connector> make_scripted_connector(ScriptedService& service) {
    return std::make_unique<ScriptedConnector>(service);
}

}  // namespace tideway::runtime
