// The REST API under /api/v1, for administrators: token, role, then one function.
#pragma once

#include "engine/http/router.h"
#include "engine/server/context.h"
#include "engine/server/live_views.h"

namespace tideway::server {

// Adds a route that first asks for the role.
class ApiRoutes {
  public:
    ApiRoutes(http::Router& router, const Context& context)
        : router_(router),
          context_(context) {}

    using Route = std::function<void(http::ServerRequest, const Answer&)>;
    void add(const char* method, const char* pattern, Role least, Route route);

    const Context& context() const { return context_; }

  private:
    http::Router& router_;
    const Context& context_;
};

void add_flow_routes(ApiRoutes& routes);
void add_run_routes(ApiRoutes& routes);
void add_event_routes(ApiRoutes& routes);
void add_connection_routes(ApiRoutes& routes);
void add_notice_routes(ApiRoutes& routes);
void add_setting_routes(ApiRoutes& routes);

void add_api_routes(http::Router& router, const Context& context, LiveViews& live);

}  // namespace tideway::server
