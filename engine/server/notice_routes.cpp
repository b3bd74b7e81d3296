// /api/v1/notices: what people were told, the channels that tell them, and from which flows silence
// is worth a notice.
#include <algorithm>
#include <charconv>
#include <future>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"
#include "engine/runtime/notices/notifier.h"
#include "engine/server/api.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

constexpr int kNoticesShown = 50;  // when no limit is asked for

Json view(const model::NoticeRecord& notice) {
    const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
    return {
        {"id", notice.uid.hex()},
        {"kind", model::to_string(notice.kind)},
        {"title", notice.title},
        {"message", notice.message},
        {"remedy", notice.remedy},
        {"flow", text(notice.flow)},
        {"connection", text(notice.connection)},
        {"run", text(notice.run.is_none() ? "" : notice.run.hex())},
        {"opened", format_utc(notice.opened)},
        {"ended", notice.closed ? Json(format_utc(*notice.closed)) : Json()},
    };
}

Json view(const Context& context, const model::NoticeDelivery& delivery) {
    Json out = {
        {"moment", model::to_string(delivery.moment)},
        {"state", model::to_string(delivery.state)},
        {"attempts", delivery.attempts},
        {"created", format_utc(delivery.created)},
    };
    if (!delivery.channel.empty()) {
        out["channel"] = delivery.channel;
    } else if (const auto flow = context.catalog->flow(delivery.flow)) {
        out["flow"] = flow->row.pack + "/" + flow->row.name;
    }
    if (!delivery.error.empty()) {
        out["error"] = delivery.error;
    }
    if (delivery.state == model::DeliveryState::kWaiting) {
        out["next_attempt"] = format_utc(delivery.next_attempt);
    } else if (delivery.ended) {
        out["ended"] = format_utc(*delivery.ended);
    }
    return out;
}

// ------------------------------------------------------------------ notices

Result<Json> list_notices(const http::ServerRequest& request, store::Reader& reader) {
    const bool only_open = http::query_value(request.query, "open") == "true";
    const std::string text = http::query_value(request.query, "limit");
    int limit = kNoticesShown;
    std::from_chars(text.data(), text.data() + text.size(), limit);
    limit = std::clamp(limit, 1, static_cast<int>(limits::kPageSizeMax));
    TIDEWAY_TRY_ASSIGN(
        const auto notices,
        reader.notices().notices(
            only_open ? store::NoticeFilter::kOpen : store::NoticeFilter::kAll, limit
        )
    );
    Json out = {{"value", Json::array()}};
    for (const model::NoticeRecord& notice : notices) {
        out["value"].push_back(view(notice));
    }
    return out;
}

Result<Json> show_notice(const Context& context, const std::string& id, store::Reader& reader) {
    const auto uid = Uid::parse(id);
    std::optional<model::NoticeRecord> notice;
    if (uid) {
        TIDEWAY_TRY_ASSIGN(notice, reader.notices().notice(*uid));
    }
    if (!notice) {
        return fail(
            ErrorKind::kNotFound,
            "NoticeNotFound",
            "There is no notice '" + id + "'.",
            "List them with: tideway notices list"
        );
    }
    Json out = view(*notice);
    out["deliveries"] = Json::array();
    TIDEWAY_TRY_ASSIGN(const auto deliveries, reader.notices().deliveries(notice->id));
    for (const model::NoticeDelivery& delivery : deliveries) {
        out["deliveries"].push_back(view(context, delivery));
    }
    return out;
}

// ------------------------------------------------------------------ channels

Json view(const model::NoticeChannel& channel) {
    return {
        {"name", channel.name},
        {"kind", channel.kind},
        {"settings", tree(channel.settings)},
        {"created", format_utc(channel.created)},
    };
}

// With what keeps a channel from delivering; what comes behind waits for it.
Result<Json> list_channels(store::Reader& reader) {
    TIDEWAY_TRY_ASSIGN(const auto channels, reader.notices().channels());
    TIDEWAY_TRY_ASSIGN(const auto next, reader.notices().next_deliveries());
    Json out = {{"value", Json::array()}};
    for (const model::NoticeChannel& channel : channels) {
        Json row = view(channel);
        for (const model::NoticeDelivery& delivery : next) {
            if (delivery.channel == channel.name && !delivery.error.empty()) {
                row["error"] = delivery.error;
                row["failing_since"] = format_utc(delivery.created);
            }
        }
        out["value"].push_back(std::move(row));
    }
    return out;
}

Result<runtime::ChannelPlan> plan_of(const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    runtime::ChannelPlan plan;
    plan.name = request.params.at("name");
    TIDEWAY_TRY_ASSIGN(plan.kind, require_string(body, "kind", "A channel"));
    if (const Json* settings = find(body, "settings")) {
        plan.settings = *settings;
    }
    if (const Json* secrets = find(body, "secrets")) {
        for (const auto& [name, value] : secrets->items()) {
            plan.secrets.emplace(name, Secret(value.is_string() ? value.get<std::string>() : ""));
        }
    }
    return plan;
}

// The answer has the key of the signature when it was made here: it is not shown again.
Result<Json> put_channel(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(runtime::ChannelPlan plan, plan_of(request));
    const bool has_key = plan.secrets.contains("key");
    TIDEWAY_TRY_ASSIGN(
        const model::NoticeChannel channel,
        runtime::make_channel(plan, *context.box, context.clock->now())
    );
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::PutNoticeChannel{channel}}}));
    TIDEWAY_TRY(audit(context, request, "notices.add", channel.name, {}, channel.settings));
    Json out = view(channel);
    const auto key = plan.secrets.find("key");
    if (!has_key && key != plan.secrets.end()) {
        out["key"] = std::string(key->second.reveal());
    }
    return out;
}

Result<Json> delete_channel(const Context& context, const http::ServerRequest& request) {
    const std::string& name = request.params.at("name");
    TIDEWAY_TRY(runtime::submit_blocking(*context.store, {{store::DeleteNoticeChannel{name}}}));
    TIDEWAY_TRY(audit(context, request, "notices.remove", name, {}, {}));
    return Json{{"name", name}};
}

Status test_channel(const Context& context, const model::NoticeChannel& channel) {
    std::promise<Status> promise;
    auto future = promise.get_future();
    context.notifier->test(channel, [&promise](Status status) {
        promise.set_value(std::move(status));
    });
    return future.get();
}

// One after the other, all or the one that is named.
Result<Json> test_channels(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const std::string wanted = string_or(body, "channel");
    TIDEWAY_TRY_ASSIGN(const auto channels, context.store->reader().notices().channels());
    Json out = {{"checks", Json::array()}};
    for (const model::NoticeChannel& channel : channels) {
        if (!wanted.empty() && channel.name != wanted) {
            continue;
        }
        const Status status = test_channel(context, channel);
        out["checks"].push_back(
            {{"ok", status.has_value()},
             {"what", channel.name},
             {"message", status ? channel.kind + ": sent" : status.error().text()}}
        );
    }
    if (!out["checks"].empty()) {
        return out;
    }
    return wanted.empty() ? fail(
                                ErrorKind::kConflict,
                                "NoNoticeChannel",
                                "There is no channel for notices.",
                                "Add one: tideway notices add mail, or webhook"
                            )
                          : fail(
                                ErrorKind::kNotFound,
                                "NoticeChannelNotFound",
                                "There is no channel '" + wanted + "' for notices.",
                                "List them with: tideway notices channels"
                            );
}

// ------------------------------------------------------------------ expectations

Result<Json> list_expectations(const Context& context, store::Reader& reader) {
    TIDEWAY_TRY_ASSIGN(const auto expectations, reader.notices().expectations());
    Json out = {{"value", Json::array()}};
    for (const model::EventExpectation& expectation : expectations) {
        const auto flow = context.catalog->flow(expectation.flow);
        if (!flow) {
            continue;
        }
        TIDEWAY_TRY_ASSIGN(const auto last, reader.notices().last_event(expectation.flow));
        out["value"].push_back(
            {{"flow", flow->row.pack + "/" + flow->row.name},
             {"hours", expectation.hours},
             {"last_event", last ? Json(format_utc(*last)) : Json()}}
        );
    }
    return out;
}

Result<Json> put_expectation(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const Json* hours = find(body, "hours");
    const bool is_number = hours != nullptr && hours->is_number_integer();
    const std::int64_t number = is_number ? int_or(body, "hours", 0) : -1;
    if (number < 0 || number > limits::kExpectedHoursMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            "The body needs a field 'hours', a whole number from 0 to " +
                std::to_string(limits::kExpectedHoursMax) + ".",
            "0 means that nothing is expected any more."
        );
    }
    TIDEWAY_TRY_ASSIGN(const std::string asked, require_string(body, "flow", "An expectation"));
    TIDEWAY_TRY_ASSIGN(const auto flow, context.catalog->flow(asked));
    const model::EventExpectation expectation{
        flow.row.id, static_cast<int>(number), context.clock->now()};
    TIDEWAY_TRY(
        runtime::submit_blocking(*context.store, {{store::PutEventExpectation{expectation}}})
    );
    const std::string name = flow.row.pack + "/" + flow.row.name;
    TIDEWAY_TRY(audit(context, request, "notices.expect", name, {}, to_payload(number)));
    return Json{{"flow", name}, {"hours", number}};
}

}  // namespace

void add_notice_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    const auto read = [&routes, &context](const char* pattern, auto function) {
        routes.add(
            "GET",
            pattern,
            Role::kViewer,
            [&context, function](const http::ServerRequest& request, const Answer& answer) {
                answer_from_store(
                    context,
                    answer,
                    [&context, function, request](store::Reader& reader) {
                        return function(context, request, reader);
                    }
                );
            }
        );
    };
    const auto change =
        [&routes, &context](const char* method, const char* pattern, Role least, auto function) {
            routes.add(
                method,
                pattern,
                least,
                [&context, function](const http::ServerRequest& request, const Answer& answer) {
                    answer_from_desk(context, answer, [&context, function, request] {
                        return function(context, request);
                    });
                }
            );
        };
    read("/notices", [](const Context&, const http::ServerRequest& request, store::Reader& reader) {
        return list_notices(request, reader);
    });
    read(
        "/notices/{notice}",
        [](const Context& inner, const http::ServerRequest& request, store::Reader& reader) {
            return show_notice(inner, request.params.at("notice"), reader);
        }
    );
    read(
        "/notices/channels",
        [](const Context&, const http::ServerRequest&, store::Reader& reader) {
            return list_channels(reader);
        }
    );
    read(
        "/notices/expectations",
        [](const Context& inner, const http::ServerRequest&, store::Reader& reader) {
            return list_expectations(inner, reader);
        }
    );
    change("PUT", "/notices/channels/{name}", Role::kAdmin, put_channel);
    change("DELETE", "/notices/channels/{name}", Role::kAdmin, delete_channel);
    change("POST", "/notices/test", Role::kOperator, test_channels);
    change("PUT", "/notices/expectations", Role::kAdmin, put_expectation);
}

}  // namespace tideway::server
