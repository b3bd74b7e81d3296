// The REST API under /api/v1, for administrators: token, role, then one function.
#pragma once

#include "engine/http/router.h"
#include "engine/server/context.h"
#include "engine/server/live_views.h"

namespace tideway::server {

// Adds a route that first asks for the role, and, where it destroys something in production, for
// the environment's name.
class ApiRoutes {
  public:
    ApiRoutes(http::Router& router, const Context& context)
        : router_(router),
          context_(context) {}

    using Route = std::function<void(http::ServerRequest, const Answer&)>;
    void add(const char* method, const char* pattern, Role least, Route route);

    // The same of a pattern with {pack}/{flow}: also for kRunOnly of that flow.
    void add_for_flow(const char* method, const char* pattern, Role least, Route route);

    const Context& context() const { return context_; }

  private:
    using Check = std::function<Status(const http::ServerRequest&)>;
    void add_checked(const char* method, const char* pattern, Check check, Route route);

    http::Router& router_;
    const Context& context_;
};

void add_flow_routes(ApiRoutes& routes);
void add_draft_routes(ApiRoutes& routes);
void add_file_routes(ApiRoutes& routes);
void add_address_routes(ApiRoutes& routes);
void add_run_routes(ApiRoutes& routes);
void add_history_routes(ApiRoutes& routes);
void add_resubmit_routes(ApiRoutes& routes);
void add_environment_routes(ApiRoutes& routes);
void add_connection_routes(ApiRoutes& routes);
void add_notice_routes(ApiRoutes& routes);
void add_pack_routes(ApiRoutes& routes);
void add_setting_routes(ApiRoutes& routes);
void add_token_routes(ApiRoutes& routes);
void add_tool_routes(ApiRoutes& routes);

void add_api_routes(http::Router& router, const Context& context, LiveViews& live);

}  // namespace tideway::server
