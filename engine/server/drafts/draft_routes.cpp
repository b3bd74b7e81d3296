// /api/v1/drafts and /api/v1/packs: what is edited, compared, published, restored and tried.
#include <utility>

#include "engine/http/url.h"
#include "engine/server/api.h"
#include "engine/server/drafts/draft_views.h"
#include "engine/server/tools/preflight_gate.h"
#include "engine/server/views.h"

namespace tideway::server {

namespace {

Json list_drafts(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const runtime::DraftStatus& status : context.drafts->status()) {
        out["value"].push_back(view(status));
    }
    return out;
}

Result<Json> show_draft(const Context& context, const std::string& pack) {
    TIDEWAY_TRY(context.drafts->look());
    TIDEWAY_TRY_ASSIGN(const auto status, context.drafts->status(pack));
    return view(status);
}

Result<Json> history(const Context& context, const std::string& pack) {
    TIDEWAY_TRY_ASSIGN(const auto revisions, context.drafts->history(pack));
    Json out = {{"value", Json::array()}};
    for (const model::PackRevision& revision : revisions) {
        out["value"].push_back(view(revision));
    }
    return out;
}

Result<Json> diff(const Context& context, const http::ServerRequest& request) {
    const auto side = [&request](std::string_view name, const char* otherwise) {
        const std::string given = http::query_value(request.query, name);
        return given.empty() ? otherwise : given;
    };
    TIDEWAY_TRY_ASSIGN(
        const auto found,
        context.drafts->diff(
            request.params.at("pack"), side("from", "published"), side("to", "draft")
        )
    );
    return view(found);
}

Payload number_of(const std::optional<model::PackRevision>& revision) {
    return revision ? to_payload(Json{{"revision", revision->number}}) : Payload();
}

runtime::Publication publication_of(
    const Context& context, const http::ServerRequest& request, const Json& body
) {
    runtime::Publication out;
    out.person = context.authentication->person(request.headers);
    out.note = string_or(body, "note");
    return out;
}

Result<Json> publish(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const std::string& pack = request.params.at("pack");
    const Payload before = number_of(context.catalog->live_revision(pack));
    TIDEWAY_TRY_ASSIGN(
        const auto revision, context.drafts->publish(pack, publication_of(context, request, body))
    );
    Json shown = view(revision);
    Json record = shown;
    note_skipped_preflight(body, record);
    TIDEWAY_TRY(audit(context, request, "packs.publish", pack, before, to_payload(record)));
    return shown;
}

GatedAct publishing(const Context& context, const http::ServerRequest& request) {
    return {
        [&context, request](const runtime::Preflights& preflights
        ) -> Result<std::vector<runtime::FlowEntry>> {
            TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
            return preflights.before_publishing(
                request.params.at("pack"), publication_of(context, request, body)
            );
        },
        [&context, request] { return publish(context, request); }};
}

Result<Json> restore(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
    const std::string& pack = request.params.at("pack");
    const Payload before = number_of(context.catalog->live_revision(pack));
    const auto then =
        bool_or(body, "publish", false) ? runtime::Then::kPublish : runtime::Then::kStay;
    TIDEWAY_TRY_ASSIGN(
        const auto restored,
        context.drafts->restore(
            pack,
            static_cast<int>(int_or(body, "revision", 0)),
            publication_of(context, request, body),
            then
        )
    );
    const Json shown = view(restored);
    TIDEWAY_TRY(audit(context, request, "packs.restore", pack, before, Payload(request.body)));
    return shown;
}

Result<Json> reload(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY(context.drafts->reload());
    TIDEWAY_TRY(audit(context, request, "packs.reload", "", {}, {}));
    Json out = {{"value", Json::array()}};
    for (const runtime::FlowEntry& flow : context.catalog->flows()) {
        out["value"].push_back(view(flow));
    }
    return out;
}

// The desk has the draft's version; the run is admitted as any other.
void try_draft(const Context& context, const http::ServerRequest& request, const Answer& answer) {
    context.desk->post([&context, request, answer] {
        const auto refuse = [&answer](const Error& error) {
            answer->send(http::error_response(error));
        };
        const std::string& id = request.params.at("run");
        const auto uid = Uid::parse(id);
        auto run = uid ? context.store->reader().run_by_uid(*uid)
                       : Result<std::optional<model::RunRecord>>(std::nullopt);
        if (!run || !*run) {
            Error error;
            error.kind = ErrorKind::kNotFound;
            error.code = "WorkflowRunNotFound";
            error.message = "There is no run '" + id + "'.";
            refuse(run ? error : run.error());
            return;
        }
        const auto flow = context.catalog->flow((*run)->flow_id);
        if (!flow) {
            refuse(flow.error());
            return;
        }
        const std::string name = flow->row.pack + "/" + flow->row.name;
        const auto publication = publication_of(context, request, Json::object());
        auto draft = context.drafts->flow_of_draft(name, publication);
        if (!draft) {
            refuse(draft.error());
            return;
        }
        const auto recorded =
            audit(context, request, "drafts.try", name, {}, Payload("\"" + id + "\""));
        if (!recorded) {
            refuse(recorded.error());
            return;
        }
        context.runtime->try_out(
            std::move(**run),
            std::move(*draft),
            publication.person,
            [answer](Result<runtime::Admitted> admitted) {
                answer->send(
                    admitted ? http::json_response(202, dump(view(*admitted)))
                             : http::error_response(admitted.error())
                );
            }
        );
    });
}

using Show = Result<Json> (*)(const Context& context, const http::ServerRequest& request);

}  // namespace

void add_draft_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    const auto add = [&](const char* method, const char* pattern, Role least, Show show) {
        routes.add(
            method,
            pattern,
            least,
            [&context, show](const http::ServerRequest& request, const Answer& answer) {
                answer_from_desk(context, answer, [&context, request, show] {
                    return show(context, request);
                });
            }
        );
    };
    add("GET",
        "/drafts",
        Role::kViewer,
        [](const Context& at, const http::ServerRequest&) -> Result<Json> {
            TIDEWAY_TRY(at.drafts->look());
            return list_drafts(at);
        });
    add("GET",
        "/packs/{pack}/draft",
        Role::kViewer,
        [](const Context& at, const http::ServerRequest& request) {
            return show_draft(at, request.params.at("pack"));
        });
    add("GET",
        "/packs/{pack}/revisions",
        Role::kViewer,
        [](const Context& at, const http::ServerRequest& request) {
            return history(at, request.params.at("pack"));
        });
    add("GET", "/packs/{pack}/diff", Role::kViewer, diff);
    add("POST", "/packs/{pack}/restore", Role::kAdmin, restore);
    add("POST", "/packs/reload", Role::kAdmin, reload);
    routes.add(
        "POST",
        "/packs/{pack}/publish",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            perform_gated(context, request, answer, publishing(context, request));
        }
    );
    routes.add(
        "POST",
        "/runs/{run}/try",
        Role::kAdmin,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            try_draft(context, request, answer);
        }
    );
}

}  // namespace tideway::server
