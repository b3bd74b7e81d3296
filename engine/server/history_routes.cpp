// Searches over runs and events, groups of failures, cancelling what a search finds, and how long
// history is kept.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/history/cancellation.h"
#include "engine/runtime/history/shown.h"
#include "engine/server/api.h"
#include "engine/server/history/search_pages.h"
#include "engine/server/history/timeline_routes.h"
#include "engine/server/run_sight.h"
#include "engine/server/search.h"
#include "engine/server/views.h"

namespace tideway::server {
namespace {

Result<Json> list_runs(
    const Context& context,
    const Caller& caller,
    const store::RunFilter& filter,
    store::Reader& reader
) {
    Json out = {{"value", Json::array()}};
    TIDEWAY_TRY(search_pages(
        filter,
        [&reader](const store::RunFilter& asked) { return reader.runs(asked); },
        [&](const store::RunPage& page) -> Result<int> {
            for (const model::RunRecord& run : page.runs) {
                if (may_see(run, caller, *context.catalog)) {
                    out["value"].push_back(view_for(run, caller, *context.catalog));
                }
            }
            return filter.limit - static_cast<int>(out["value"].size());
        },
        out
    ));
    return out;
}

Result<Json> count_runs(const store::RunFilter& filter, store::Reader& reader) {
    Json out;
    std::int64_t count = 0;
    TIDEWAY_TRY(search_pages(
        filter,
        [&reader](const store::RunFilter& asked) { return reader.count_runs(asked); },
        [&count](const store::RunCount& page) -> Result<int> {
            count += page.count;
            return 1;
        },
        out
    ));
    out["count"] = count;
    return out;
}

Result<Json> list_events(
    const Context& context, const store::EventFilter& filter, store::Reader& reader
) {
    Json out = {{"value", Json::array()}};
    TIDEWAY_TRY(search_pages(
        filter,
        [&reader](const store::EventFilter& asked) { return reader.events(asked); },
        [&](const store::EventPage& page) -> Result<int> {
            for (const store::FoundEvent& found : page.events) {
                Json row = view(found.event);
                if (const auto flow = context.catalog->flow(found.event.flow_id)) {
                    row["flow"] = flow->row.pack + "/" + flow->row.name;
                }
                if (!found.run_uid.is_none()) {
                    row["run"] = found.run_uid.hex();
                }
                out["value"].push_back(std::move(row));
            }
            return filter.limit - static_cast<int>(out["value"].size());
        },
        out
    ));
    return out;
}

Json group_view(const store::RunGroup& group, const runtime::FlowCatalog& catalog) {
    const model::StepError error = model::parse_step_error(group.last.error.view());
    Json out = {
        {"fingerprint", group.last.fingerprint},
        {"count", group.count},
        {"code", error.code},
        {"message", error.message},
        {"failed_step", group.last.failed_step},
        {"first_seen", format_utc(group.first_seen)},
        {"last_seen", format_utc(group.last.created)},
        {"run", group.last.uid.hex()},
    };
    if (const auto flow = catalog.flow(group.last.flow_id)) {
        out["flow"] = flow->row.pack + "/" + flow->row.name;
    }
    return out;
}

Result<Json> list_groups(
    const Context& context, const store::GroupFilter& filter, store::Reader& reader
) {
    TIDEWAY_TRY_ASSIGN(const auto page, reader.run_groups(filter));
    Json out = {{"value", Json::array()}};
    for (const store::RunGroup& group : page.groups) {
        out["value"].push_back(group_view(group, *context.catalog));
    }
    if (page.next_before != 0) {
        out["next_before"] = page.next_before;
    }
    return out;
}

// ------------------------------------------------------------------ cancelling

// Only what has not ended can be cancelled.
Status keep_open(store::RunFilter& filter) {
    using model::Status;
    if (filter.statuses.empty()) {
        filter.statuses = {Status::kWaiting, Status::kRunning, Status::kPaused};
        return {};
    }
    for (const Status status : filter.statuses) {
        if (model::is_final(status)) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidFilter",
                "Runs that are " + std::string(to_string(status)) + " cannot be cancelled.",
                "Use Waiting, Running or Paused."
            );
        }
    }
    return {};
}

struct CancelRequest {
    store::RunFilter filter;
    bool is_confirmed = false;
    std::string reason;
};

Result<CancelRequest> parse_cancel(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const Json* filter = find(body, "filter");
    if (filter == nullptr) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            "The body needs a field 'filter' that says which runs.",
            R"(All that are open: {"filter":{}, "confirm":true})"
        );
    }
    CancelRequest out;
    TIDEWAY_TRY_ASSIGN(out.filter, parse_run_filter(*filter, *context.catalog));
    TIDEWAY_TRY(keep_open(out.filter));
    out.is_confirmed = bool_or(body, "confirm", false);
    out.reason = "Cancelled by " + context.authentication->person(request.headers) + ".";
    return out;
}

// Of one page; the caller goes on with the next.
void cancel_page(const Context& context, const CancelRequest& asked, const Answer& answer) {
    context.runtime->readers().run([&context, asked, answer](store::Reader& reader) {
        const auto page = reader.runs(asked.filter);
        if (!page) {
            answer->send(http::error_response(page.error()));
            return;
        }
        runtime::cancel_all(
            *context.runtime,
            page->runs,
            asked.reason,
            [answer, next = page->next_before](const runtime::CancelReport& report) {
                Json out = view(report);
                if (next != 0) {
                    out["next_before"] = next;
                }
                answer->send(http::json_response(200, dump(out)));
            }
        );
    });
}

void cancel_found(
    const Context& context, const http::ServerRequest& request, const Answer& answer
) {
    auto asked = parse_cancel(context, request);
    if (!asked) {
        answer->send(http::error_response(asked.error()));
        return;
    }
    if (!asked->is_confirmed) {
        answer_from_store(context, answer, [filter = asked->filter](store::Reader& reader) {
            return count_runs(filter, reader);
        });
        return;
    }
    context.desk->post([&context, request, asked = std::move(*asked), answer] {
        const auto done =
            audit(context, request, "runs.cancel", "filter", Payload(request.body), {});
        if (!done) {
            answer->send(http::error_response(done.error()));
            return;
        }
        cancel_page(context, asked, answer);
    });
}

// ------------------------------------------------------------------ retention

Result<Json> show_history(const Context& context, store::Reader& reader) {
    TIDEWAY_TRY_ASSIGN(const store::HistorySize size, reader.history_size());
    TIDEWAY_TRY_ASSIGN(const store::Retention retention, reader.retention());
    Json out = {
        {"bytes", size.bytes},
        {"free_bytes", size.free_bytes},
        {"ledger_rows", size.ledger_rows},
        {"days", retention.environment_days.value_or(limits::kHistoryDays)},
        {"ledger_days", retention.ledger_days.value_or(limits::kLedgerDays)},
        {"flows", Json::array()},
    };
    std::map<model::FlowId, Json> flows;
    for (const runtime::FlowEntry& flow : context.catalog->flows()) {
        flows[flow.row.id] = {{"flow", flow.row.pack + "/" + flow.row.name}, {"runs", 0}};
    }
    for (const store::HistorySize::Flow& flow : size.flows) {
        Json& row = flows[flow.flow_id];
        row["runs"] = flow.runs;
        row["oldest"] = format_utc(flow.oldest);
    }
    for (const auto& [flow, days] : retention.flow_days) {
        flows[flow]["days"] = days;
    }
    for (auto& [id, row] : flows) {
        out["flows"].push_back(std::move(row));
    }
    return out;
}

Result<store::SetRetention> parse_retention(const Context& context, const Json& body) {
    store::SetRetention out;
    const std::string flow = string_or(body, "flow");
    const bool is_ledger = bool_or(body, "ledger", false);
    if (!flow.empty() && is_ledger) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            "The ledger of effects is kept for the whole environment, not by flow.",
            "Leave 'flow' or 'ledger' out."
        );
    }
    if (is_ledger) {
        out.of = store::SetRetention::Of::kLedger;
    } else if (!flow.empty()) {
        TIDEWAY_TRY_ASSIGN(const auto entry, context.catalog->flow(flow));
        out.of = store::SetRetention::Of::kFlow;
        out.flow_id = entry.row.id;
    }
    const Json* days = find(body, "days");
    if (days == nullptr || days->is_null()) {
        return out;
    }
    const bool is_number = days->is_number_integer();
    const std::int64_t count = is_number ? days->get<std::int64_t>() : 0;
    if (count < 1 || count > limits::kRetentionDaysMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRetention",
            "'" + dump(*days) + "' is no number of days between 1 and " +
                std::to_string(limits::kRetentionDaysMax) + ".",
            "null goes back to what holds without a setting."
        );
    }
    out.days = static_cast<int>(count);
    return out;
}

Result<Json> set_retention(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    TIDEWAY_TRY_ASSIGN(const store::SetRetention set, parse_retention(context, body));
    const std::string object = bool_or(body, "ledger", false)    ? "ledger"
                               : string_or(body, "flow").empty() ? "environment"
                                                                 : string_or(body, "flow");
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{set}}));
    TIDEWAY_TRY(audit(context, request, "history.retention", object, {}, Payload(request.body)));
    context.runtime->pruner().look();
    return show_history(context, context.store->reader());
}

// ------------------------------------------------------------------ routes

// Searching by what somebody is not shown would tell it.
Status may_search(const Caller& caller, const Json& fields) {
    constexpr std::array<std::string_view, 9> kShown{
        "flow", "status", "outcome", "code", "from", "to", "before", "limit", "started_by"};
    for (const auto& [name, value] : fields.items()) {
        if (caller.is_run_only() && std::ranges::find(kShown, name) == kShown.end()) {
            return fail(
                ErrorKind::kForbidden,
                "Forbidden",
                "The token '" + caller.name +
                    "' has the role run-only, which does not search by '" + name + "'."
            );
        }
    }
    return {};
}

Result<store::RunFilter> asked_runs(
    const Context& context, const Caller& caller, const http::ServerRequest& request
) {
    const Json fields = fields_of_query(request.query);
    TIDEWAY_TRY(may_search(caller, fields));
    TIDEWAY_TRY_ASSIGN(auto filter, parse_run_filter(fields, *context.catalog));
    if (caller.is_run_only()) {
        filter.person = caller.name;
    }
    return filter;
}

void find_runs(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    const auto caller = context.authentication->caller(request.headers);
    const auto filter = caller ? asked_runs(context, *caller, request) : fail(caller.error());
    if (!filter) {
        answer->send(http::error_response(filter.error()));
        return;
    }
    answer_from_store(
        context,
        answer,
        [&context, filter = *filter, caller = *caller](store::Reader& reader) {
            return list_runs(context, caller, filter, reader);
        }
    );
}

// A GET that searches: the query is parsed, then `find` reads.
template <typename Parse, typename Find>
void add_search(ApiRoutes& routes, const char* path, Parse parse, Find find) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        path,
        Role::kViewer,
        [&context, parse, find](const http::ServerRequest& request, const Answer& answer) {
            auto filter = parse(fields_of_query(request.query), *context.catalog);
            if (!filter) {
                answer->send(http::error_response(filter.error()));
                return;
            }
            answer_from_store(
                context,
                answer,
                [&context, find, filter = *filter](store::Reader& reader) {
                    return find(context, filter, reader);
                }
            );
        }
    );
}

}  // namespace

void add_history_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/runs",
        Role::kRunOnly,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            find_runs(context, request, answer);
        }
    );
    add_search(
        routes,
        "/runs/count",
        parse_run_filter,
        [](const Context&, const store::RunFilter& filter, store::Reader& reader) {
            return count_runs(filter, reader);
        }
    );
    add_search(routes, "/runs/groups", parse_group_filter, list_groups);
    add_search(routes, "/events", parse_event_filter, list_events);
    add_timeline_routes(routes);
    routes.add(
        "POST",
        "/runs/cancel",
        Role::kOperator,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            cancel_found(context, request, answer);
        }
    );
    routes.add(
        "GET",
        "/history",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer_from_store(context, answer, [&context](store::Reader& reader) {
                return show_history(context, reader);
            });
        }
    );
    routes.add(
        "PUT",
        "/history/retention",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, request] {
                return set_retention(context, request);
            });
        }
    );
}

}  // namespace tideway::server
