#include "engine/server/history/timeline_routes.h"

#include <algorithm>
#include <utility>

#include "engine/runtime/history/timeline.h"
#include "engine/runtime/step_tree.h"
#include "engine/server/history/search_pages.h"
#include "engine/server/search.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

enum class Writes { kShown, kLeftOut };

struct TimelineQuery {
    store::RunFilter filter;
    Writes writes = Writes::kLeftOut;
};

// The fields of a search for runs, and "effects".
Result<TimelineQuery> asked_timeline(const Context& context, const http::ServerRequest& request) {
    Json fields = fields_of_query(request.query);
    TimelineQuery out;
    out.writes = string_or(fields, "effects") == "true" ? Writes::kShown : Writes::kLeftOut;
    fields.erase("effects");
    TIDEWAY_TRY_ASSIGN(out.filter, parse_run_filter(fields, *context.catalog));
    if (out.filter.tracked.empty() && out.filter.record_id.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidFilter",
            "A time line is of one record, and none is named.",
            "Name a value that its runs track, such as tracked=referral=<id>, or record_id=<id>."
        );
    }
    return out;
}

Status put_writes(
    const Context& context, store::Reader& reader, const model::RunRecord& run, Json& out
) {
    TIDEWAY_TRY_ASSIGN(const auto rows, reader.journal(run.id));
    TIDEWAY_TRY_ASSIGN(const auto effects, reader.effects(run.id));
    TIDEWAY_TRY_ASSIGN(const auto version, context.catalog->version(run.version_id));
    const auto steps = runtime::build_step_tree(rows, version->analysis.outline, run);
    out["writes"] = runtime::writes_of(steps, effects);
    return {};
}

Result<Json> attempt_view(
    const Context& context, store::Reader& reader, const model::RunRecord& run, Writes writes
) {
    const Json whole = view(run, *context.catalog);
    Json out = {{"at", format_utc(run.created)}, {"run", run.uid.hex()}};
    for (const char* key :
         {"flow",
          "flow_title",
          "status",
          "outcome",
          "outcome_reason",
          "headline",
          "ended",
          "started_by",
          "parent",
          "resubmit_of",
          "muted"}) {
        if (const Json* value = find(whole, key)) {
            out[key] = *value;
        }
    }
    TIDEWAY_TRY_ASSIGN(const auto event, reader.event(run.event_id));
    if (event) {
        out["source"] = event->source;
    }
    if (writes == Writes::kShown) {
        TIDEWAY_TRY(put_writes(context, reader, run, out));
    }
    return out;
}

// Oldest first; what came before the page is at "next_before".
Result<Json> show_timeline(
    const Context& context, const TimelineQuery& query, store::Reader& reader
) {
    Json out = Json::object();
    Json attempts = Json::array();
    TIDEWAY_TRY(search_pages(
        query.filter,
        [&reader](const store::RunFilter& asked) { return reader.runs(asked); },
        [&](const store::RunPage& page) -> Result<int> {
            for (const model::RunRecord& run : page.runs) {
                TIDEWAY_TRY_ASSIGN(Json attempt, attempt_view(context, reader, run, query.writes));
                attempts.push_back(std::move(attempt));
            }
            return query.filter.limit - static_cast<int>(attempts.size());
        },
        out
    ));
    std::ranges::reverse(attempts);
    out["value"] = std::move(attempts);
    return out;
}

}  // namespace

void add_timeline_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/timeline",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            const auto query = asked_timeline(context, request);
            if (!query) {
                answer->send(http::error_response(query.error()));
                return;
            }
            answer_from_store(context, answer, [&context, query = *query](store::Reader& reader) {
                return show_timeline(context, query, reader);
            });
        }
    );
}

}  // namespace tideway::server
