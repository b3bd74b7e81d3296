// /api/v1/packs/<act>: what is done with installed packs.
#include <utility>

#include "engine/runtime/installs/pack_acts.h"
#include "engine/server/api.h"

namespace tideway::server {

void add_pack_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    for (const runtime::PackAct& act : runtime::pack_acts()) {
        const bool reads = act.kind == runtime::PackAct::Kind::kReads;
        const std::string pattern = std::string("/packs/") + act.name;
        routes.add(
            "POST",
            pattern.c_str(),
            reads ? Role::kViewer : Role::kAdmin,
            [&context, &act](const http::ServerRequest& request, const Answer& answer) {
                answer_from_desk(context, answer, [&context, &act, request]() -> Result<Json> {
                    TIDEWAY_TRY_ASSIGN(const Json body, body_of(request));
                    return runtime::perform_pack_act(
                        act,
                        *context.installer,
                        body,
                        context.authentication->person(request.headers)
                    );
                });
            }
        );
    }
}

}  // namespace tideway::server
