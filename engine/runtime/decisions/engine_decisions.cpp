// The decisions that the engine itself asks for.
#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/decisions/decisions.h"
#include "engine/runtime/paused_runs.h"

namespace tideway::runtime {
namespace {

using model::RunRecord;

std::string flow_name(const FlowCatalog& catalog, model::FlowId id) {
    const auto flow = catalog.flow(id);
    return flow ? flow->row.pack + "/" + flow->row.name : "a flow that is gone";
}

Status wait_for(const std::function<void(std::function<void(Status)>)>& start) {
    auto promise = std::make_shared<std::promise<Status>>();
    auto future = promise->get_future();
    start([promise](Status done) { promise->set_value(std::move(done)); });
    return future.get();
}

Result<std::vector<RunRecord>> paused_runs(store::Reader& reader) {
    std::vector<RunRecord> out;
    store::RunFilter filter;
    filter.statuses = {model::Status::kPaused};
    filter.limit = static_cast<int>(limits::kPageSizeMax);
    do {
        TIDEWAY_TRY_ASSIGN(auto page, reader.runs(filter));
        std::ranges::move(page.runs, std::back_inserter(out));
        filter.before_id = page.next_before;
    } while (filter.before_id != 0);
    return out;
}

Result<RunRecord> run_of(store::Reader& reader, const Decision& decision) {
    TIDEWAY_TRY_ASSIGN(const auto run, reader.run_by_uid(decision.run));
    if (!run) {
        return fail(ErrorKind::kNotFound, "RunNotFound", "The run is not in history any more.");
    }
    return *run;
}

class BrakeDecisions final : public DecisionSource {
  public:
    explicit BrakeDecisions(Runtime& runtime)
        : runtime_(runtime) {}

    std::string_view kind() const override { return "brake"; }

    Result<std::vector<Decision>> list(store::Reader& /*reader*/) const override {
        std::vector<Decision> out;
        for (const HeldPack& held : runtime_.brake().held()) {
            Decision decision;
            decision.key = held.pack;
            decision.title = "The brake holds the writes of the pack " + held.pack;
            decision.reason = held.reason;
            decision.since = held.since;
            decision.runs = static_cast<std::int64_t>(held.runs.size());
            decision.choices = {
                {"continue", "what waits goes on, and the pack is not counted for an hour"},
                {"cancel", "the runs that wait are cancelled, and counting begins anew"}};
            out.push_back(std::move(decision));
        }
        return out;
    }

    Status answer_blocking(
        store::Reader& /*reader*/, const Decision& decision, const GivenAnswer& answer
    ) override {
        if (answer.word == "continue") {
            return runtime_.brake().release_blocking(decision.key, Brake::Release::kForAWhile);
        }
        for (const HeldPack& held : runtime_.brake().held()) {
            if (held.pack == decision.key) {
                TIDEWAY_TRY(cancel_all(held));
            }
        }
        return runtime_.brake().release_blocking(decision.key, Brake::Release::kCountAnew);
    }

  private:
    Status cancel_all(const HeldPack& held) {
        for (const model::RunId run : held.runs) {
            TIDEWAY_TRY(wait_for([&](auto done) {
                runtime_.cancel(
                    run, "Held by the brake: " + held.reason + "; a person cancelled it.", done
                );
            }));
        }
        return {};
    }

    Runtime& runtime_;
};

class EffectDecisions final : public DecisionSource {
  public:
    EffectDecisions(Runtime& runtime, const FlowCatalog& catalog)
        : runtime_(runtime),
          catalog_(catalog) {}

    std::string_view kind() const override { return "effect"; }

    Result<std::vector<Decision>> list(store::Reader& reader) const override {
        std::vector<Decision> out;
        TIDEWAY_TRY_ASSIGN(const auto runs, paused_runs(reader));
        for (const RunRecord& run : runs) {
            TIDEWAY_TRY_ASSIGN(const auto effects, reader.effects(run.id));
            for (const model::EffectRecord& effect : effects) {
                if (effect.state == model::EffectState::kParked && !waits_for_person(run)) {
                    out.push_back(decision_of(run, effect));
                }
            }
        }
        return out;
    }

    Status answer_blocking(
        store::Reader& reader, const Decision& decision, const GivenAnswer& answer
    ) override {
        TIDEWAY_TRY_ASSIGN(const auto run, run_of(reader, decision));
        using Word = RunSession::Decision;
        const Word word = answer.word == "adopt"    ? Word::kAdopt
                          : answer.word == "repeat" ? Word::kRepeat
                                                    : Word::kSkip;
        const Payload adopted = answer.output.empty() ? Payload("null") : answer.output;
        return wait_for([&](auto done) {
            runtime_.decide(run.id, decision.step, word, adopted, done);
        });
    }

  private:
    Decision decision_of(const RunRecord& run, const model::EffectRecord& effect) const {
        Decision out;
        out.key = std::to_string(effect.id);
        out.title = effect.operation + " in step " + model::describe_path(effect.path) +
                    " may have taken place or not";
        out.reason =
            run.error.empty() ? run.wait_reason : model::parse_step_error(run.error.view()).message;
        out.since = effect.created;
        out.flow = flow_name(catalog_, run.flow_id);
        out.step = effect.path;
        out.run = run.uid;
        out.runs = 1;
        out.choices = {
            {"adopt", "it took place: the output is the record that it made", true},
            {"repeat", "it is sent again, with the same idempotency key"},
            {"skip", "it is not made; the script gets the error EffectSkipped"}};
        return out;
    }

    Runtime& runtime_;
    const FlowCatalog& catalog_;
};

class PausedRunDecisions final : public DecisionSource {
  public:
    PausedRunDecisions(Runtime& runtime, const FlowCatalog& catalog)
        : runtime_(runtime),
          catalog_(catalog) {}

    std::string_view kind() const override { return "run"; }

    Result<std::vector<Decision>> list(store::Reader& reader) const override {
        std::vector<Decision> out;
        TIDEWAY_TRY_ASSIGN(const auto runs, paused_runs(reader));
        for (const RunRecord& run : runs) {
            if (!waits_for_person(run)) {
                continue;
            }
            Decision decision;
            decision.key = run.uid.hex();
            decision.flow = flow_name(catalog_, run.flow_id);
            decision.title = "A run of " + decision.flow + " was paused: " + run.code;
            decision.reason = run.wait_reason;
            decision.since = run.created;
            decision.run = run.uid;
            decision.runs = 1;
            decision.choices = {
                {"resume", "it goes on where it was"}, {"cancel", "it ends here, as Cancelled"}};
            out.push_back(std::move(decision));
        }
        return out;
    }

    Status answer_blocking(
        store::Reader& reader, const Decision& decision, const GivenAnswer& answer
    ) override {
        TIDEWAY_TRY_ASSIGN(const auto run, run_of(reader, decision));
        return wait_for([&](auto done) {
            if (answer.word == "resume") {
                runtime_.resume(run, done);
            } else {
                runtime_.cancel(run.id, "A person cancelled it while it was paused.", done);
            }
        });
    }

  private:
    Runtime& runtime_;
    const FlowCatalog& catalog_;
};

// What flows ask with wait_for_decision.
class Questions final : public DecisionSource {
  public:
    Questions(Runtime& runtime, const FlowCatalog& catalog)
        : runtime_(runtime),
          catalog_(catalog) {}

    std::string_view kind() const override { return "question"; }

    Result<std::vector<Decision>> list(store::Reader& reader) const override {
        std::vector<Decision> out;
        TIDEWAY_TRY_ASSIGN(const auto asked, reader.open_questions());
        for (const store::QuestionRow& row : asked) {
            out.push_back(decision_of(row));
        }
        return out;
    }

    Status answer_blocking(
        store::Reader& reader, const Decision& decision, const GivenAnswer& answer
    ) override {
        TIDEWAY_TRY_ASSIGN(const auto asked, reader.open_questions());
        const auto row = std::ranges::find_if(asked, [&](const store::QuestionRow& one) {
            return key_of(one) == decision.key;
        });
        if (row == asked.end()) {
            return too_late();
        }
        return wait_for([&](auto done) {
            runtime_.receive_callback(
                row->token,
                to_payload(Json{{"answer", answer.word}, {"person", answer.person}}),
                [done](const Result<store::CallbackFate>& fate) {
                    if (!fate) {
                        done(fail(fate.error()));
                    } else {
                        done(*fate == store::CallbackFate::kTaken ? Status() : too_late());
                    }
                }
            );
        });
    }

  private:
    static Status too_late() {
        return fail(
            ErrorKind::kConflict,
            "DecisionNotFound",
            "The question has been answered, or its run waits no longer.",
            "See what waits: tideway decisions list"
        );
    }

    // Not the token: whoever reads the list may not be one who answers.
    static std::string key_of(const store::QuestionRow& row) {
        return to_hex(sha256(row.token)).substr(0, kKeyLength);
    }

    Decision decision_of(const store::QuestionRow& row) const {
        Decision out;
        const Json question = parse_json(row.question, "a question").value_or(Json::object());
        out.key = key_of(row);
        out.title = string_or(question, "title");
        out.reason = string_or(question, "reason");
        out.since = parse_utc(string_or(question, "asked")).value_or(row.expires);
        out.flow = flow_name(catalog_, row.flow_id);
        out.step = model::parent_path(row.path);
        out.run = row.run;
        out.runs = 1;
        const std::string otherwise = string_or(question, "default");
        const Json choices = question.value("choices", Json::object());
        for (const auto& [word, means] : choices.items()) {
            std::string text = means.is_string() ? means.get<std::string>() : std::string();
            if (word == otherwise) {
                text += " (done without an answer by " + format_utc(row.expires) + ")";
            }
            out.choices.push_back({word, std::move(text)});
        }
        return out;
    }

    static constexpr std::size_t kKeyLength = 12;
    Runtime& runtime_;
    const FlowCatalog& catalog_;
};

}  // namespace

void add_engine_decisions(Decisions& decisions, Runtime& runtime, const FlowCatalog& catalog) {
    decisions.add(std::make_unique<BrakeDecisions>(runtime));
    decisions.add(std::make_unique<EffectDecisions>(runtime, catalog));
    decisions.add(std::make_unique<PausedRunDecisions>(runtime, catalog));
    decisions.add(std::make_unique<Questions>(runtime, catalog));
}

}  // namespace tideway::runtime
