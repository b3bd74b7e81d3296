#include "engine/runtime/tools/preflights.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/history/shown.h"
#include "engine/runtime/step_tree.h"
#include "engine/runtime/tools/pack_tool.h"
#include "engine/runtime/triggers/trigger_input.h"

namespace tideway::runtime {

namespace {

using Answer = Result<model::RunRecord>;

Json findings_of(const model::RunRecord& run) {
    Json shown = Json::object();
    put_shown(shown, "output", run.output, run.is_secured ? Sight::kSecured : Sight::kShown);
    const Json* output = find(shown, "output");
    const Json* findings = output == nullptr ? nullptr : find(*output, "findings");
    return findings == nullptr ? Json::array() : *findings;
}

tl::unexpected<Error> not_ended(const FlowEntry& flow, const Uid& run) {
    return fail(
        ErrorKind::kTimeout,
        "RunNotEnded",
        flow.row.title + ": the run " + run.hex() + " has not ended after " +
            std::to_string(limits::kResponseWaitSeconds) + " s.",
        "Look at it: tideway runs show " + run.hex() + " --contents"
    );
}

tl::unexpected<Error> tool_failed(const FlowEntry& flow, const model::RunRecord& run) {
    return fail(
        ErrorKind::kConflict,
        "ToolFailed",
        flow.row.title + ": " + headline(run),
        "Look at it: tideway runs show " + run.uid.hex() + " --contents"
    );
}

Error problems_found(std::ptrdiff_t count, const std::vector<std::string>& packs, Json preflights) {
    std::string names;
    for (const std::string& pack : packs) {
        names += (names.empty() ? "" : ", ") + pack;
    }
    Error out;
    out.kind = ErrorKind::kConflict;
    out.code = "PreflightFoundProblems";
    out.message = "The preflight of " + names + " found " + std::to_string(count) +
                  (count == 1 ? " problem." : " problems.");
    out.remedy = "Mend what it names (tideway preflight " + packs.front() +
                 "), or go on as it is with --no-preflight, in a request with \"preflight\": "
                 "\"skip\".";
    out.details = dump({{"preflights", std::move(preflights)}});
    return out;
}

// Preflights that are asked together: what they say is one answer. Thread: the executor's.
class Round : public std::enable_shared_from_this<Round> {
  public:
    Round(
        Runtime& runtime,
        Executor& executor,
        std::vector<FlowEntry> preflights,
        std::function<void(Status)> done
    )
        : runtime_(runtime),
          executor_(executor),
          done_(std::move(done)) {
        for (FlowEntry& flow : preflights) {
            questions_.push_back({std::move(flow), Uid::random(), {}});
        }
    }

    void start(const std::string& person) {
        timer_ = executor_.after(
            std::chrono::seconds(limits::kResponseWaitSeconds),
            [weak = weak_from_this()] {
                if (const auto self = weak.lock()) {
                    self->give_up();
                }
            }
        );
        for (Question& question : questions_) {
            ask(question, person);
        }
    }

  private:
    struct Question {
        FlowEntry flow;
        Uid run;
        std::optional<Answer> answer;
    };

    // Questions stay where they are: references to them last as long as the round.
    void ask(Question& question, const std::string& person) {
        const LoadedVersion& version = *question.flow.published;
        auto event = manual_event(version.input, version.declaration, Json::object());
        if (!event) {
            take(question, fail(std::move(event.error())));
            return;
        }
        Delivery delivery;
        delivery.flow = question.flow;
        delivery.source = "manual";
        delivery.event = to_payload(*event);
        delivery.run_uid = question.run;
        delivery.person = person;
        delivery.effects = model::Effects::kMuted;
        const auto answered = [self = shared_from_this(), &question](Answer answer) {
            self->executor_.post([self, &question, answer = std::move(answer)]() mutable {
                self->take(question, std::move(answer));
            });
        };
        runtime_.wait_for_response(question.run, answered);
        runtime_.admit(
            std::move(delivery),
            [&runtime = runtime_, run = question.run, answered](Result<Admitted> admitted) {
                if (!admitted) {
                    runtime.forget_response(run);
                    answered(fail(std::move(admitted.error())));
                }
            }
        );
    }

    void take(Question& question, Answer answer) {
        if (question.answer || !done_) {
            return;
        }
        question.answer = std::move(answer);
        if (std::ranges::all_of(questions_, [](const Question& one) {
                return one.answer.has_value();
            })) {
            finish();
        }
    }

    // The runs go on; history will say what they found.
    void give_up() {
        for (Question& question : questions_) {
            if (!question.answer) {
                runtime_.forget_response(question.run);
                question.answer = not_ended(question.flow, question.run);
            }
        }
        finish();
    }

    void finish() {
        timer_.reset();
        std::exchange(done_, nullptr)(verdict());
    }

    Status verdict() const {
        Json preflights = Json::array();
        std::vector<std::string> packs;
        std::ptrdiff_t problems = 0;
        for (const auto& [flow, run, answer] : questions_) {
            TIDEWAY_TRY(*answer);
            const model::RunRecord& record = **answer;
            if (record.status != model::Status::kSucceeded) {
                return tool_failed(flow, record);
            }
            Json findings = findings_of(record);
            const auto found = std::ranges::count_if(findings, is_problem);
            if (found > 0) {
                problems += found;
                packs.push_back(flow.row.pack);
                preflights.push_back(
                    {{"pack", flow.row.pack}, {"run", run.hex()}, {"findings", std::move(findings)}}
                );
            }
        }
        return problems == 0 ? Status()
                             : fail(problems_found(problems, packs, std::move(preflights)));
    }

    Runtime& runtime_;
    Executor& executor_;
    std::function<void(Status)> done_;
    std::vector<Question> questions_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace

std::string_view to_string(Preflight preflight) {
    return preflight == Preflight::kSkip ? "skip" : "run";
}

Result<Preflight> parse_preflight(std::string_view text) {
    for (const Preflight preflight : {Preflight::kRun, Preflight::kSkip}) {
        if (text == to_string(preflight)) {
            return preflight;
        }
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPreflight",
        "preflight is '" + std::string(text) + "'.",
        "Leave it out, or write skip to go on without asking the pack's preflight."
    );
}

bool is_started_by_events(const FlowEntry& flow) {
    if (!flow.published) {
        return false;
    }
    const std::string& trigger = flow.published->declaration.trigger;
    return trigger != "manual" && trigger != "child";
}

bool is_problem(const Json& finding) {
    return !bool_or(finding, "ok", false);
}

bool Preflights::can_run(const FlowEntry& preflight) const {
    return services_.activation->problems(preflight).empty();
}

std::vector<FlowEntry> Preflights::before_turning_on(const std::vector<std::string>& flows) const {
    std::set<std::string> packs;
    for (const std::string& name : flows) {
        const auto flow = services_.catalog->flow(name);
        if (flow && is_started_by_events(*flow)) {
            packs.insert(flow->row.pack);
        }
    }
    std::vector<FlowEntry> out;
    for (const std::string& pack : packs) {
        auto preflight = published_tool(*services_.catalog, pack, kPreflightTool);
        if (preflight && can_run(*preflight)) {
            out.push_back(std::move(*preflight));
        }
    }
    return out;
}

Result<std::vector<FlowEntry>> Preflights::before_publishing(
    const std::string& pack, const Publication& publication
) const {
    std::vector<FlowEntry> out;
    const auto flows = services_.catalog->flows();
    const bool is_live = std::ranges::any_of(flows, [&pack](const FlowEntry& flow) {
        return flow.row.pack == pack && flow.row.state == model::FlowState::kOn &&
               is_started_by_events(flow);
    });
    if (!is_live) {
        return out;
    }
    TIDEWAY_TRY(services_.drafts->look());
    const Pack draft = services_.catalog->draft(pack).value_or(Pack());
    const auto tool = draft.tools.find(kPreflightTool);
    if (tool == draft.tools.end()) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(
        FlowEntry preflight, services_.drafts->flow_of_draft(pack + "/" + tool->second, publication)
    );
    if (can_run(preflight)) {
        out.push_back(std::move(preflight));
    }
    return out;
}

void Preflights::pass(
    std::vector<FlowEntry> preflights, std::string person, std::function<void(Status)> done
) const {
    if (preflights.empty()) {
        services_.executor->post([done = std::move(done)] { done({}); });
        return;
    }
    auto round = std::make_shared<Round>(
        *services_.runtime, *services_.executor, std::move(preflights), std::move(done)
    );
    services_.executor->post([round, person = std::move(person)] { round->start(person); });
}

}  // namespace tideway::runtime
