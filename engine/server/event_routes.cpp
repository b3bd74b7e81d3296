// /api/v1/events: what came for the flows, also what started no run.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

// Where a filter finds little, the search ends after this many events of a flow.
constexpr int kEventsSearchedMax = 2000;
constexpr int kEventsShown = 100;  // when no limit is asked for

struct EventFilter {
    std::string flow;                          // empty: every flow
    std::vector<model::EventStatus> statuses;  // empty: every status
    std::size_t limit = kEventsShown;

    bool wants(const model::EventRecord& event) const {
        return statuses.empty() || std::ranges::find(statuses, event.status) != statuses.end();
    }
};

Result<EventFilter> filter_of(const http::ServerRequest& request) {
    EventFilter filter;
    filter.flow = http::query_value(request.query, "flow");
    std::string statuses = http::query_value(request.query, "status");
    while (!statuses.empty()) {
        const auto comma = statuses.find(',');
        const std::string word = statuses.substr(0, comma);
        const auto status = model::parse_event_status(word);
        if (!status) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidFilter",
                "'" + word + "' is not the status of an event.",
                "Use Accepted, Refused, Duplicate, Coalesced, ConditionUnmet, Failed or Dropped."
            );
        }
        filter.statuses.push_back(*status);
        statuses = comma == std::string::npos ? std::string() : statuses.substr(comma + 1);
    }
    const std::string limit = http::query_value(request.query, "limit");
    std::from_chars(limit.data(), limit.data() + limit.size(), filter.limit);
    filter.limit = std::clamp<std::size_t>(filter.limit, 1, limits::kPageSizeMax);
    return filter;
}

struct FoundEvent {
    std::string flow;
    model::EventRecord event;
};

// The newest of one flow, at the end of `out`.
Status find_events(
    store::Reader& reader,
    const runtime::FlowEntry& flow,
    const EventFilter& filter,
    std::vector<FoundEvent>& out
) {
    std::size_t found = 0;
    model::EventId before = 0;
    for (int searched = 0; searched < kEventsSearchedMax; searched += kEventsShown) {
        TIDEWAY_TRY_ASSIGN(auto page, reader.events(flow.row.id, before, kEventsShown));
        for (model::EventRecord& event : page) {
            before = event.id;
            if (!filter.wants(event)) {
                continue;
            }
            out.push_back({flow.row.pack + "/" + flow.row.name, std::move(event)});
            if (++found == filter.limit) {
                return {};
            }
        }
        if (page.size() < static_cast<std::size_t>(kEventsShown)) {
            return {};
        }
    }
    return {};
}

Result<Json> list_events(const Context& context, const EventFilter& filter, store::Reader& reader) {
    std::vector<FoundEvent> found;
    if (filter.flow.empty()) {
        for (const runtime::FlowEntry& flow : context.catalog->flows()) {
            TIDEWAY_TRY(find_events(reader, flow, filter, found));
        }
    } else {
        TIDEWAY_TRY_ASSIGN(const auto flow, context.catalog->flow(filter.flow));
        TIDEWAY_TRY(find_events(reader, flow, filter, found));
    }
    std::ranges::sort(found, [](const FoundEvent& a, const FoundEvent& b) {
        return a.event.id > b.event.id;
    });
    found.resize(std::min(found.size(), filter.limit));
    Json out = {{"value", Json::array()}};
    for (const FoundEvent& item : found) {
        Json row = view(item.event);
        row["flow"] = item.flow;
        if (item.event.run_id != 0) {
            TIDEWAY_TRY_ASSIGN(const auto run, reader.run(item.event.run_id));
            if (run) {
                row["run"] = run->uid.hex();
            }
        }
        out["value"].push_back(std::move(row));
    }
    return out;
}

}  // namespace

void add_event_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/events",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            auto filter = filter_of(request);
            if (!filter) {
                answer->send(http::error_response(filter.error()));
                return;
            }
            answer_from_store(context, answer, [&context, filter = *filter](store::Reader& reader) {
                return list_events(context, filter, reader);
            });
        }
    );
}

}  // namespace tideway::server
