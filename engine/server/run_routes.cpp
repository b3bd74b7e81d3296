// /api/v1/runs: history, and what operators do to runs.
#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "engine/http/url.h"
#include "engine/runtime/history/call_tree.h"
#include "engine/runtime/history/cancellation.h"
#include "engine/runtime/history/shown.h"
#include "engine/runtime/step_tree.h"
#include "engine/server/api.h"
#include "engine/server/drafts/draft_choice.h"
#include "engine/server/run_sight.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

tl::unexpected<Error> no_run(const std::string& text) {
    return fail(
        ErrorKind::kNotFound,
        "WorkflowRunNotFound",
        "There is no run '" + text + "'.",
        "List them with: tideway runs list"
    );
}

Result<model::RunRecord> find_run(store::Reader& reader, const std::string& text) {
    const auto uid = Uid::parse(text);
    if (uid) {
        TIDEWAY_TRY_ASSIGN(auto run, reader.run_by_uid(*uid));
        if (run) {
            return std::move(*run);
        }
    }
    return no_run(text);
}

// At most so many are listed with a run; a search by parent or root finds all.
constexpr int kRelativesShown = 100;

// Steps that called a flow name the run that it started.
void name_child_runs(Json& steps, const std::map<std::string, std::string>& runs) {
    for (Json& step : steps) {
        if (const auto run = runs.find(string_or(step, "path")); run != runs.end()) {
            step["run"] = run->second;
        }
        if (step.contains("children")) {
            name_child_runs(step["children"], runs);
        }
    }
}

Json relative_view(const Context& context, const model::RunRecord& run) {
    const Json whole = view(run, *context.catalog);
    Json out = Json::object();
    for (const char* key : {"id", "flow", "status", "created", "resubmit_of", "parent_step"}) {
        if (const Json* value = find(whole, key)) {
            out[key] = *value;
        }
    }
    return out;
}

// Lineage both ways: what it called, and what it was resubmitted from or as.
Status put_relatives(
    const Context& context, store::Reader& reader, const model::RunRecord& run, Json& out
) {
    store::RunFilter called;
    called.parent_uid = run.uid;
    called.limit = kRelativesShown;
    TIDEWAY_TRY_ASSIGN(const auto children, reader.runs(called));
    std::map<std::string, std::string> by_step;
    for (const model::RunRecord& child : children.runs) {
        by_step[child.parent_path] = child.uid.hex();
        out["children"].push_back(relative_view(context, child));
    }
    name_child_runs(out["steps"], by_step);
    store::RunFilter resubmitted;
    resubmitted.root_uid = run.root_uid;
    resubmitted.limit = kRelativesShown;
    TIDEWAY_TRY_ASSIGN(const auto lineage, reader.runs(resubmitted));
    if (lineage.runs.size() < 2) {
        return {};
    }
    for (const model::RunRecord& relative : lineage.runs) {
        out["lineage"].push_back(relative_view(context, relative));
    }
    return {};
}

Status put_tracked(store::Reader& reader, const model::RunRecord& run, Json& out) {
    TIDEWAY_TRY_ASSIGN(const auto values, reader.tracked(run.id));
    for (const model::TrackedValue& tracked : values) {
        out["tracked"][tracked.name].push_back(tracked.value);
    }
    return {};
}

Result<Json> show_run(
    const Context& context,
    const Caller& caller,
    store::Reader& reader,
    const std::string& id,
    runtime::Contents contents
) {
    TIDEWAY_TRY_ASSIGN(const model::RunRecord run, find_run(reader, id));
    if (!may_see(run, caller, *context.catalog)) {
        return no_run(id);
    }
    if (caller.is_run_only()) {
        return view_for(run, caller, *context.catalog);
    }
    TIDEWAY_TRY_ASSIGN(const auto rows, reader.journal(run.id));
    TIDEWAY_TRY_ASSIGN(const auto effects, reader.effects(run.id));
    TIDEWAY_TRY_ASSIGN(const auto version, context.catalog->version(run.version_id));
    Json out = view(run, *context.catalog);
    out["steps"] = Json::array();
    for (const auto& node : runtime::build_step_tree(rows, version->analysis.outline, run)) {
        if (!node.name.starts_with('@')) {
            out["steps"].push_back(runtime::to_json(node, contents));
        }
    }
    TIDEWAY_TRY(put_tracked(reader, run, out));
    TIDEWAY_TRY(put_relatives(context, reader, run, out));
    out["effects"] = Json::array();
    for (const model::EffectRecord& effect : effects) {
        const auto intent = std::ranges::lower_bound(rows, effect.seq, {}, &model::JournalRow::seq);
        const bool is_there = intent != rows.end() && intent->seq == effect.seq;
        out["effects"].push_back(view(effect, is_there ? intent->secured : model::Secured::kBoth));
    }
    if (contents == runtime::Contents::kWith) {
        TIDEWAY_TRY_ASSIGN(const auto event, reader.event(run.event_id));
        if (event) {
            out["event"] = view(*event);
        }
    }
    return out;
}

std::string_view name_of(model::RowKind kind) {
    switch (kind) {
        case model::RowKind::kScopeBegin:
            return "scope_begin";
        case model::RowKind::kScopeEnd:
            return "scope_end";
        case model::RowKind::kValue:
            return "value";
        case model::RowKind::kIntent:
            return "intent";
        case model::RowKind::kAttempt:
            return "attempt";
        case model::RowKind::kResult:
            return "result";
        case model::RowKind::kWait:
            return "wait";
        case model::RowKind::kWake:
            return "wake";
        case model::RowKind::kControl:
            return "control";
        case model::RowKind::kEnd:
            return "end";
        case model::RowKind::kStatic:
            return "static";
    }
    return "value";
}

Json row_view(const model::JournalRow& row) {
    Json out = {
        {"seq", row.seq},
        {"kind", name_of(row.kind)},
        {"path", row.path},
        {"operation", row.operation},
        {"status", to_string(row.status)},
        {"code", row.code},
        {"attempt", row.attempt},
        {"took_ms", row.took.count() / 1000},
        {"input", nullptr},
        {"output", nullptr},
        {"at", format_utc(row.at)}};
    runtime::put_shown(out, "input", row.input, runtime::input_sight(row.secured));
    if (runtime::holds_error(row) && !row.output.empty()) {
        out["output"] = runtime::shown_error(row.output, runtime::error_sight(row.secured));
    } else {
        runtime::put_shown(out, "output", row.output, runtime::output_sight(row.secured));
    }
    return out;
}

Result<Json> show_journal(store::Reader& reader, const std::string& id) {
    TIDEWAY_TRY_ASSIGN(const model::RunRecord run, find_run(reader, id));
    TIDEWAY_TRY_ASSIGN(const auto rows, reader.journal(run.id));
    Json out = {{"value", Json::array()}};
    for (const model::JournalRow& row : rows) {
        out["value"].push_back(row_view(row));
    }
    return out;
}

// Reads the run, then acts on it; the action answers.
void with_run(
    const Context& context,
    const http::ServerRequest& request,
    const Answer& answer,
    std::function<void(model::RunRecord)> act
) {
    context.runtime->readers().run(
        [answer, id = request.params.at("run"), act = std::move(act)](store::Reader& reader) {
            auto run = find_run(reader, id);
            if (!run) {
                answer->send(http::error_response(run.error()));
                return;
            }
            act(std::move(*run));
        }
    );
}

void record(
    const Context& context, const http::ServerRequest& request, const char* act, Payload asked
) {
    context.desk->post([&context, request, act, asked = std::move(asked)] {
        const auto done = audit(context, request, act, request.params.at("run"), asked, {});
        if (!done) {
            context.log->error("an act could not be recorded", {{"error", done.error().text()}});
        }
    });
}

void resubmit_as(
    const Context& context,
    model::RunRecord run,
    const runtime::ResubmitChoices& choices,
    const std::string& person,
    const Answer& answer
) {
    context.runtime
        ->resubmit(std::move(run), choices, person, [answer](Result<runtime::Admitted> admitted) {
            answer->send(
                admitted ? http::json_response(202, dump(view(*admitted)))
                         : http::error_response(admitted.error())
            );
        });
}

void resubmit(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    const auto body = body_of(request);
    if (!body) {
        answer->send(http::error_response(body.error()));
        return;
    }
    auto choices = runtime::parse_resubmit_choices(*body);
    if (!choices) {
        answer->send(http::error_response(choices.error()));
        return;
    }
    record(context, request, "runs.resubmit", to_payload(runtime::describe(*choices)));
    const std::string person = context.authentication->person(request.headers);
    with_run(
        context,
        request,
        answer,
        [&context, answer, choices = std::move(*choices), person](model::RunRecord run) {
            if (choices.code != runtime::CodeChoice::kDraft) {
                resubmit_as(context, std::move(run), choices, person, answer);
                return;
            }
            context.desk->post([&context, answer, choices, person, run = std::move(run)]() mutable {
                const auto chosen = choose_drafts(context, person, std::span(&run, 1), choices);
                if (!chosen) {
                    answer->send(http::error_response(chosen.error()));
                    return;
                }
                resubmit_as(context, std::move(run), choices, person, answer);
            });
        }
    );
}

// The whole tree of calls that the run is part of.
void cancel_tree(
    const Context& context,
    const model::RunRecord& run,
    const std::string& reason,
    const Answer& answer
) {
    context.runtime->readers().run([&context, run, reason, answer](store::Reader& reader) {
        const auto top = runtime::top_of_call_tree(reader, run);
        const auto tree = top ? runtime::open_runs_of_tree(reader, *top)
                              : Result<std::vector<model::RunRecord>>(fail(top.error()));
        if (!tree) {
            answer->send(http::error_response(tree.error()));
            return;
        }
        runtime::cancel_all(
            *context.runtime,
            *tree,
            reason,
            [answer](const runtime::CancelReport& report) {
                answer->send(http::json_response(202, dump(view(report))));
            }
        );
    });
}

// Of kRunOnly its own runs; else operators may.
Result<Caller> may_cancel(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(Caller caller, context.authentication->caller(request.headers));
    if (!caller.is_run_only()) {
        TIDEWAY_TRY(context.authentication->require(request.headers, Role::kOperator));
    }
    return caller;
}

void cancel(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    const auto caller = may_cancel(context, request);
    const auto body = caller ? body_of(request) : fail(caller.error());
    if (!body) {
        answer->send(http::error_response(body.error()));
        return;
    }
    const bool is_tree = bool_or(*body, "tree", false);
    with_run(
        context,
        request,
        answer,
        [&context, request, answer, is_tree, caller = *caller](const model::RunRecord& run) {
            if (!may_see(run, caller, *context.catalog)) {
                answer->send(http::error_response(no_run(request.params.at("run")).value()));
                return;
            }
            record(context, request, "runs.cancel", Payload(request.body));
            const std::string reason = "Cancelled by " + caller.name + ".";
            if (is_tree) {
                cancel_tree(context, run, reason, answer);
                return;
            }
            if (!model::is_final(run.status)) {
                context.runtime->cancel(run.id, reason);
            }
            answer->send(http::json_response(202, dump(view_for(run, caller, *context.catalog))));
        }
    );
}

void resume(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    record(context, request, "runs.resume", Payload(request.body));
    with_run(context, request, answer, [&context, answer](const model::RunRecord& run) {
        context.runtime->resume(run, [answer](Status done) {
            answer->send(
                done ? http::json_response(202, "{}") : http::error_response(done.error())
            );
        });
    });
}

void decide(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    const auto body = body_of(request);
    const std::string word = body ? string_or(*body, "decision") : std::string();
    const bool is_known = word == "adopt" || word == "repeat" || word == "skip";
    if (!body || !is_known) {
        Error error;
        error.kind = ErrorKind::kInvalidInput;
        error.code = "InvalidRequestContent";
        error.message = "A decision is adopt (with the record as \"output\"), repeat or skip.";
        answer->send(http::error_response(error));
        return;
    }
    using Decision = runtime::RunSession::Decision;
    const auto decision = word == "adopt"    ? Decision::kAdopt
                          : word == "repeat" ? Decision::kRepeat
                                             : Decision::kSkip;
    const Json* output = find(*body, "output");
    const Payload adopted = output == nullptr ? Payload("null") : to_payload(*output);
    const std::string path = string_or(*body, "step");
    // The record itself is in the journal, which knows whether it may be shown.
    record(context, request, "runs.decide", to_payload({{"decision", word}, {"step", path}}));
    with_run(
        context,
        request,
        answer,
        [&context, answer, path, decision, adopted](const model::RunRecord& run) {
            context.runtime->decide(run.id, path, decision, adopted, [answer](Status done) {
                answer->send(
                    done ? http::json_response(202, "{}") : http::error_response(done.error())
                );
            });
        }
    );
}

}  // namespace

void add_run_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/runs/{run}",
        Role::kRunOnly,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            const auto caller = context.authentication->caller(request.headers);
            if (!caller) {
                answer->send(http::error_response(caller.error()));
                return;
            }
            const bool with = http::query_value(request.query, "contents") == "true";
            const auto contents = with ? runtime::Contents::kWith : runtime::Contents::kWithout;
            answer_from_store(
                context,
                answer,
                [&context, caller = *caller, id = request.params.at("run"), contents](
                    store::Reader& reader
                ) { return show_run(context, caller, reader, id, contents); }
            );
        }
    );
    routes.add(
        "GET",
        "/runs/{run}/journal",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_store(
                context,
                answer,
                [id = request.params.at("run")](store::Reader& reader) {
                    return show_journal(reader, id);
                }
            );
        }
    );
    const auto act = [&routes, &context](const char* pattern, Role least, auto function) {
        routes.add(
            "POST",
            pattern,
            least,
            [&context, function](const http::ServerRequest& request, const Answer& answer) {
                function(context, request, answer);
            }
        );
    };
    act("/runs/{run}/resubmit", Role::kOperator, resubmit);
    act("/runs/{run}/cancel", Role::kRunOnly, cancel);
    act("/runs/{run}/resume", Role::kOperator, resume);
    act("/runs/{run}/decide", Role::kOperator, decide);
}

}  // namespace tideway::server
