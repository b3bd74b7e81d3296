// /api/v1/tools: flows of packs that do something well-known, such as a preflight.
#include "engine/runtime/tools/pack_tool.h"
#include "engine/server/api.h"

namespace tideway::server {

namespace {

// Of published packs, with what keeps them from working yet, such as a connection that is missing.
Json list_tools(const Context& context) {
    Json out = {{"value", Json::array()}};
    for (const runtime::PackTool& tool : runtime::published_tools(*context.catalog)) {
        const store::FlowRow& flow = tool.flow.row;
        Json row = {
            {"tool", tool.name},
            {"pack", flow.pack},
            {"flow", flow.name},
            {"title", flow.title},
            {"state", to_string(flow.state)},
            {"problems", Json::array()}};
        for (const Error& error : context.activation->problems(tool.flow)) {
            row["problems"].push_back(
                {{"code", error.code}, {"message", error.message}, {"remedy", error.remedy}}
            );
        }
        out["value"].push_back(std::move(row));
    }
    return out;
}

}  // namespace

void add_tool_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/tools",
        Role::kViewer,
        [&context](const http::ServerRequest&, const Answer& answer) {
            answer_from_desk(context, answer, [&context]() -> Result<Json> {
                return list_tools(context);
            });
        }
    );
}

}  // namespace tideway::server
