// /api/v1/timeline: what runs did about a record.
#pragma once

#include "engine/server/api.h"

namespace tideway::server {

void add_timeline_routes(ApiRoutes& routes);

}  // namespace tideway::server
