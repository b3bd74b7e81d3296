// /api/v1/resubmissions: what making many runs again would do, and doing it.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/runtime/resubmit/plan.h"
#include "engine/server/api.h"
#include "engine/server/drafts/draft_choice.h"
#include "engine/server/search.h"

namespace tideway::server {
namespace {

using store::ResubmissionState;
using store::ResubmittedState;

constexpr int kResubmissionsShown = 100;

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(
        ErrorKind::kInvalidInput, "InvalidRequestContent", std::move(message), std::move(remedy)
    );
}

// ------------------------------------------------------------------ selection

Status keep_resubmittable(store::RunFilter& filter) {
    using model::Status;
    if (filter.statuses.empty()) {
        filter.statuses = {Status::kFailed, Status::kTimedOut};
        return {};
    }
    for (const Status status : filter.statuses) {
        if (!model::is_final(status) && status != Status::kPaused) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidFilter",
                "Runs that are " + std::string(to_string(status)) + " cannot be resubmitted.",
                "Use Failed, TimedOut, Cancelled, Succeeded, Skipped or Paused."
            );
        }
    }
    return {};
}

// Flows that a run called are made again with it.
Result<std::vector<model::RunRecord>> find_runs(store::Reader& reader, store::RunFilter filter) {
    filter.limit = static_cast<int>(limits::kPageSizeMax);
    std::vector<model::RunRecord> out;
    do {
        TIDEWAY_TRY_ASSIGN(auto page, reader.runs(filter));
        for (model::RunRecord& run : page.runs) {
            if (run.parent_uid.is_none()) {
                out.push_back(std::move(run));
            }
        }
        filter.before_id = page.next_before;
    } while (filter.before_id != 0 && out.size() <= limits::kResubmittedRunsMax);
    return out;
}

Result<std::vector<model::RunRecord>> named_runs(store::Reader& reader, const Json& ids) {
    std::vector<model::RunRecord> out;
    for (const Json& id : ids) {
        const std::string text = id.is_string() ? id.get<std::string>() : dump(id);
        const auto uid = Uid::parse(text);
        TIDEWAY_TRY_ASSIGN(auto run, reader.run_by_uid(uid.value_or(Uid())));
        if (!run) {
            return fail(
                ErrorKind::kNotFound,
                "WorkflowRunNotFound",
                "There is no run '" + text + "'.",
                "List them with: tideway runs list"
            );
        }
        out.push_back(std::move(*run));
    }
    return out;
}

struct Asked {
    runtime::Selection selection;
    runtime::ResubmitChoices choices;
    runtime::ResubmitPace pace;
    std::size_t shown = limits::kPlannedRunsShown;
    std::string plan;  // the hash that the plan must have; or empty
};

Result<std::vector<model::RunRecord>> select(
    const Context& context, store::Reader& reader, const Json& body
) {
    const Json* const ids = find(body, "runs");
    const Json* const filter = find(body, "filter");
    if ((ids == nullptr) == (filter == nullptr) || (ids != nullptr && !ids->is_array())) {
        return invalid(
            "The body says which runs: with 'runs', a list of ids, or with 'filter'.",
            R"(All that failed: {"filter":{}})"
        );
    }
    if (ids != nullptr) {
        return named_runs(reader, *ids);
    }
    TIDEWAY_TRY_ASSIGN(store::RunFilter parsed, parse_run_filter(*filter, *context.catalog));
    TIDEWAY_TRY(keep_resubmittable(parsed));
    return find_runs(reader, std::move(parsed));
}

// On the desk.
Result<Asked> parse(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    Asked out;
    TIDEWAY_TRY_ASSIGN(out.choices, runtime::parse_resubmit_choices(body));
    TIDEWAY_TRY_ASSIGN(out.pace, runtime::parse_resubmit_pace(body));
    out.plan = string_or(body, "plan");
    if (string_or(body, "shown") == "all") {
        out.shown = limits::kResubmittedRunsMax;
    }
    TIDEWAY_TRY_ASSIGN(out.selection.runs, select(context, context.store->reader(), body));
    if (out.selection.runs.size() > limits::kResubmittedRunsMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidFilter",
            "More than " + std::to_string(limits::kResubmittedRunsMax) + " runs match.",
            "Resubmit them in parts, such as one flow or one day at a time."
        );
    }
    std::ranges::sort(out.selection.runs, {}, &model::RunRecord::id);
    const auto repeated = std::ranges::unique(out.selection.runs, {}, &model::RunRecord::id);
    out.selection.runs.erase(repeated.begin(), repeated.end());
    TIDEWAY_TRY(choose_drafts(
        context, context.authentication->person(request.headers), out.selection.runs, out.choices
    ));
    out.selection.is_search = find(body, "filter") != nullptr;
    out.selection.pick = bool_or(body, "latest_per_record", false) ? runtime::Pick::kLatestPerRecord
                                                                   : runtime::Pick::kAll;
    return out;
}

// ------------------------------------------------------------------ views

Json view(const store::ResubmissionItem& item) {
    Json out = {
        {"position", item.position},
        {"original", item.original.hex()},
        {"state", to_string(item.state)}};
    if (!item.run.is_none()) {
        out["run"] = item.run.hex();
    }
    if (!item.reason.empty()) {
        out["reason"] = item.reason;
    }
    return out;
}

Json view(const store::ResubmissionRecord& record) {
    Json runs = Json::object();
    std::int64_t total = 0;
    for (const auto& [state, count] : record.items) {
        runs[std::string(to_string(state))] = count;
        total += count;
    }
    Json out = {
        {"id", record.id},
        {"state", to_string(record.state)},
        {"person", record.person},
        {"created", format_utc(record.created)},
        {"total", total},
        {"runs", std::move(runs)}};
    if (!record.reason.empty()) {
        out["reason"] = record.reason;
    }
    if (record.ended) {
        out["ended"] = format_utc(*record.ended);
    }
    const auto said = parse_json(record.choices.view(), "choices");
    const auto choices = said ? runtime::parse_resubmit_choices(*said) : fail(said.error());
    const auto pace = said ? runtime::parse_resubmit_pace(*said) : fail(said.error());
    if (choices && pace) {
        out["choices"] = runtime::describe(*choices);
        out["pace"] = runtime::to_json(*pace);
    }
    return out;
}

Json view(const runtime::RunPlan& run) {
    Json steps = Json::array();
    for (std::size_t at = 0; at < run.steps.size(); ++at) {
        const runtime::PlannedStep& step = run.steps[at];
        Json row = {
            {"path", step.path},
            {"operation", step.operation},
            {"fate", to_string(step.fate)},
            {"effect", step.is_effect}};
        if (!run.connections[at].empty()) {
            row["connection"] = run.connections[at];
        }
        steps.push_back(std::move(row));
    }
    Json out = {
        {"run", run.original.uid.hex()},
        {"flow", run.flow},
        {"version", run.version.substr(0, 12)},
        {"steps", std::move(steps)}};
    if (!run.start.empty()) {
        out["start"] = run.start;
    }
    return out;
}

// Calls against what is left of the day.
Json calls_view(const Context& context, const runtime::ResubmitPlan& plan) {
    Json out = Json::array();
    for (const auto& [connection, calls] : plan.calls) {
        const auto status = context.runtime->gate().status(connection);
        Json row = {
            {"connection", connection},
            {"calls", calls.calls},
            {"may_follow", calls.may_follow},
            {"requests_today", status.use.requests}};
        if (status.quota) {
            row["quota"] = {
                {"what", status.quota->what},
                {"remaining", status.quota->remaining},
                {"suffices", calls.calls + calls.may_follow <= status.quota->remaining}};
        }
        if (status.limit) {
            row["limit"] = {
                {"calls_a_day", status.limit->calls_a_day},
                {"remaining", status.limit->remaining},
                {"suffices", calls.calls + calls.may_follow <= status.limit->remaining}};
        }
        out.push_back(std::move(row));
    }
    return out;
}

Json view(const Context& context, const runtime::ResubmitPlan& plan) {
    Json out = {
        {"plan", plan.hash},
        {"total", plan.items.size()},
        {"steps", Json::object()},
        {"calls", calls_view(context, plan)},
        {"runs", Json::array()},
        {"left_out", Json::array()}};
    std::int64_t made = 0;
    for (const store::ResubmissionItem& item : plan.items) {
        if (item.state == ResubmittedState::kPending) {
            ++made;
        } else {
            out["left_out"].push_back(view(item));
        }
    }
    out["made"] = made;
    for (const auto& [fate, count] : plan.steps) {
        out["steps"][std::string(to_string(fate))] = count;
    }
    for (const runtime::RunPlan& run : plan.runs) {
        out["runs"].push_back(view(run));
    }
    return out;
}

// ------------------------------------------------------------------ routes

Result<runtime::ResubmitPlan> plan_of(const Context& context, const Asked& asked) {
    const runtime::PlanServices services{context.runtime, context.catalog, context.registry};
    return runtime::plan_resubmission(
        services, context.store->reader(), asked.selection, asked.choices, asked.shown
    );
}

Result<Json> show_plan(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Asked asked, parse(context, request));
    TIDEWAY_TRY_ASSIGN(const auto plan, plan_of(context, asked));
    return view(context, plan);
}

Status require_something_to_do(const runtime::ResubmitPlan& plan) {
    const auto pending =
        std::ranges::find(plan.items, ResubmittedState::kPending, &store::ResubmissionItem::state);
    if (pending != plan.items.end()) {
        return {};
    }
    std::string message = "No run is to be made again.";
    if (!plan.items.empty()) {
        message += " Of the first that was selected: " + plan.items.front().reason;
    }
    return fail(
        ErrorKind::kConflict, "NothingToResubmit", message, "Plan it, which says of each run why."
    );
}

Result<Json> apply(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Asked asked, parse(context, request));
    TIDEWAY_TRY_ASSIGN(const auto plan, plan_of(context, asked));
    if (!asked.plan.empty() && asked.plan != plan.hash) {
        return fail(
            ErrorKind::kConflict,
            "PlanChanged",
            "The plan is not the one that was seen: it is " + plan.hash + " now.",
            "Plan it again and look at what is different."
        );
    }
    TIDEWAY_TRY(require_something_to_do(plan));
    Json choices = runtime::to_json(asked.choices);
    choices.update(runtime::to_json(asked.pace));
    if (asked.choices.code != runtime::CodeChoice::kOriginal) {
        choices.update(runtime::versions_to_json(plan.versions));
    }
    store::PutResubmission put;
    put.record.person = context.authentication->person(request.headers);
    put.record.choices = to_payload(choices);
    put.record.created = context.clock->now();
    put.items = plan.items;
    TIDEWAY_TRY_ASSIGN(const auto made, runtime::submit_blocking(*context.store, {{put}}));
    const std::int64_t id = made.front().id;
    Json act = runtime::describe(asked.choices);
    act["plan"] = plan.hash;
    act["runs"] = plan.items.size();
    TIDEWAY_TRY(audit(
        context, request, "runs.resubmit", "resubmission " + std::to_string(id), {}, to_payload(act)
    ));
    context.runtime->go_on_with_resubmission(id);
    Json out = view(context, plan);
    out["id"] = id;
    return out;
}

Result<store::ResubmissionRecord> find_resubmission(
    store::Reader& reader, const http::ServerRequest& request
) {
    const std::string& text = request.params.at("id");
    std::int64_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    TIDEWAY_TRY_ASSIGN(auto record, reader.resubmissions().resubmission(id));
    if (!record) {
        return fail(
            ErrorKind::kNotFound,
            "ResubmissionNotFound",
            "There is no resubmission " + text + ".",
            "List them with: tideway resubmissions list"
        );
    }
    return std::move(*record);
}

Result<Json> list(store::Reader& reader) {
    TIDEWAY_TRY_ASSIGN(
        const auto records, reader.resubmissions().resubmissions(kResubmissionsShown)
    );
    Json out = {{"value", Json::array()}};
    for (const store::ResubmissionRecord& record : records) {
        out["value"].push_back(view(record));
    }
    return out;
}

// With its items when they are asked for, page by page.
Result<Json> show(store::Reader& reader, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const auto record, find_resubmission(reader, request));
    Json out = view(record);
    const std::string after = http::query_value(request.query, "after");
    if (http::query_value(request.query, "items") != "true") {
        return out;
    }
    std::int64_t position = 0;
    std::from_chars(after.data(), after.data() + after.size(), position);
    TIDEWAY_TRY_ASSIGN(
        const auto items,
        reader.resubmissions().items(record.id, std::nullopt, position, limits::kPageSizeMax)
    );
    out["items"] = Json::array();
    for (const store::ResubmissionItem& item : items) {
        out["items"].push_back(view(item));
    }
    if (items.size() == limits::kPageSizeMax) {
        out["next_after"] = items.back().position;
    }
    return out;
}

Result<Json> set_state(
    const Context& context, const http::ServerRequest& request, ResubmissionState state
) {
    store::Reader& reader = context.store->reader();
    TIDEWAY_TRY_ASSIGN(const auto before, find_resubmission(reader, request));
    const bool goes_on = state == ResubmissionState::kRunning;
    store::SetResubmissionState set;
    set.id = before.id;
    set.state = state;
    set.at = context.clock->now();
    if (!goes_on) {
        set.reason = "Aborted by " + context.authentication->person(request.headers) + ".";
    }
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{set}}));
    TIDEWAY_TRY(audit(
        context,
        request,
        goes_on ? "resubmissions.resume" : "resubmissions.abort",
        "resubmission " + std::to_string(before.id),
        to_payload({{"state", to_string(before.state)}}),
        to_payload({{"state", to_string(state)}})
    ));
    context.runtime->go_on_with_resubmission(before.id);
    TIDEWAY_TRY_ASSIGN(const auto after, find_resubmission(reader, request));
    return view(after);
}

}  // namespace

void add_resubmit_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    const auto on_desk = [&routes, &context](const char* pattern, auto function) {
        routes.add(
            "POST",
            pattern,
            Role::kOperator,
            [&context, function](const http::ServerRequest& request, const Answer& answer) {
                answer_from_desk(context, answer, [&context, function, request] {
                    return function(context, request);
                });
            }
        );
    };
    on_desk("/resubmissions/plan", show_plan);
    on_desk("/resubmissions", apply);
    on_desk(
        "/resubmissions/{id}/abort",
        [](const Context& all, const http::ServerRequest& request) {
            return set_state(all, request, ResubmissionState::kAborted);
        }
    );
    on_desk(
        "/resubmissions/{id}/resume",
        [](const Context& all, const http::ServerRequest& request) {
            return set_state(all, request, ResubmissionState::kRunning);
        }
    );
    routes.add(
        "GET",
        "/resubmissions",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer_from_store(context, answer, list);
        }
    );
    routes.add(
        "GET",
        "/resubmissions/{id}",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_store(context, answer, [request](store::Reader& reader) {
                return show(reader, request);
            });
        }
    );
}

}  // namespace tideway::server
