// /api/v1/runs: history, and what operators do to runs.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/runtime/history/shown.h"
#include "engine/runtime/step_tree.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

Result<model::RunRecord> find_run(store::Reader& reader, const std::string& text) {
    const auto uid = Uid::parse(text);
    if (uid) {
        TIDEWAY_TRY_ASSIGN(auto run, reader.run_by_uid(*uid));
        if (run) {
            return std::move(*run);
        }
    }
    return fail(
        ErrorKind::kNotFound,
        "WorkflowRunNotFound",
        "There is no run '" + text + "'.",
        "List them with: tideway runs list"
    );
}

Result<store::RunFilter> filter_of(const Context& context, const http::ServerRequest& request) {
    store::RunFilter filter;
    const auto value = [&request](std::string_view name) {
        return http::query_value(request.query, name);
    };
    if (const std::string flow = value("flow"); !flow.empty()) {
        TIDEWAY_TRY_ASSIGN(const auto entry, context.catalog->flow(flow));
        filter.flow_id = entry.row.id;
    }
    std::string statuses = value("status");
    while (!statuses.empty()) {
        const auto comma = statuses.find(',');
        const std::string word = statuses.substr(0, comma);
        const auto status = model::parse_status(word);
        if (!status) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidFilter",
                "'" + word + "' is not a run status.",
                "Use Waiting, Running, Succeeded, Failed, Cancelled, TimedOut, Skipped or Paused."
            );
        }
        filter.statuses.push_back(*status);
        statuses = comma == std::string::npos ? std::string() : statuses.substr(comma + 1);
    }
    filter.outcome = value("outcome");
    filter.fingerprint = value("fingerprint");
    filter.record_id = value("record_id");
    filter.person = value("started_by");
    filter.created_from = parse_utc(value("from"));
    filter.created_to = parse_utc(value("to"));
    filter.root_uid = Uid::parse(value("root"));
    filter.parent_uid = Uid::parse(value("parent"));
    const std::string limit = value("limit");
    std::from_chars(limit.data(), limit.data() + limit.size(), filter.limit);
    filter.limit = std::clamp(filter.limit, 1, static_cast<int>(limits::kPageSizeMax));
    const std::string before = value("before");
    std::from_chars(before.data(), before.data() + before.size(), filter.before_id);
    return filter;
}

Result<Json> list_runs(
    const Context& context, const store::RunFilter& filter, store::Reader& reader
) {
    TIDEWAY_TRY_ASSIGN(const auto runs, reader.runs(filter));
    Json out = {{"value", Json::array()}};
    for (const model::RunRecord& run : runs) {
        out["value"].push_back(view(run, *context.catalog));
    }
    if (static_cast<int>(runs.size()) == filter.limit) {
        out["next_before"] = runs.back().id;
    }
    return out;
}

Result<Json> show_run(
    const Context& context, store::Reader& reader, const std::string& id, runtime::Contents contents
) {
    TIDEWAY_TRY_ASSIGN(const model::RunRecord run, find_run(reader, id));
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

void resubmit(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    const auto body = body_of(request);
    if (!body) {
        answer->send(http::error_response(body.error()));
        return;
    }
    const std::string code = string_or(*body, "code", "original");
    if (code != "original" && code != "current") {
        Error error;
        error.kind = ErrorKind::kInvalidInput;
        error.code = "InvalidRequestContent";
        error.message = "'" + code + "' is not a code choice.";
        error.remedy = "Use original (the version that ran) or current (what is published now).";
        answer->send(http::error_response(error));
        return;
    }
    const auto choice =
        code == "current" ? runtime::CodeChoice::kCurrent : runtime::CodeChoice::kOriginal;
    record(context, request, "runs.resubmit", Payload(request.body));
    const std::string person = context.authentication->person(request.headers);
    with_run(context, request, answer, [&context, answer, choice, person](model::RunRecord run) {
        context.runtime->resubmit(
            std::move(run),
            choice,
            person,
            [answer](Result<runtime::Admitted> admitted) {
                answer->send(
                    admitted ? http::json_response(202, dump(view(*admitted)))
                             : http::error_response(admitted.error())
                );
            }
        );
    });
}

void cancel(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    record(context, request, "runs.cancel", Payload(request.body));
    const std::string person = context.authentication->person(request.headers);
    with_run(context, request, answer, [&context, answer, person](const model::RunRecord& run) {
        if (!model::is_final(run.status)) {
            context.runtime->cancel(run.id, "Cancelled by " + person + ".");
        }
        answer->send(http::json_response(202, dump(view(run, *context.catalog))));
    });
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
        "/runs",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            auto filter = filter_of(context, request);
            if (!filter) {
                answer->send(http::error_response(filter.error()));
                return;
            }
            answer_from_store(context, answer, [&context, filter = *filter](store::Reader& reader) {
                return list_runs(context, filter, reader);
            });
        }
    );
    routes.add(
        "GET",
        "/runs/{run}",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            const bool with = http::query_value(request.query, "contents") == "true";
            const auto contents = with ? runtime::Contents::kWith : runtime::Contents::kWithout;
            answer_from_store(
                context,
                answer,
                [&context, id = request.params.at("run"), contents](store::Reader& reader) {
                    return show_run(context, reader, id, contents);
                }
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
    const auto act = [&routes, &context](const char* pattern, auto function) {
        routes.add(
            "POST",
            pattern,
            Role::kOperator,
            [&context, function](const http::ServerRequest& request, const Answer& answer) {
                function(context, request, answer);
            }
        );
    };
    act("/runs/{run}/resubmit", resubmit);
    act("/runs/{run}/cancel", cancel);
    act("/runs/{run}/resume", resume);
    act("/runs/{run}/decide", decide);
}

}  // namespace tideway::server
