// The listener that the outside world may reach: signed trigger addresses and callback addresses.
#pragma once

#include "engine/http/router.h"
#include "engine/server/context.h"

namespace tideway::server {

//   ANY  /flows/{pack}/{flow}/invoke[/{rest*}]?sp=..&sv=1.0&sig=..   a trigger
//   POST /callbacks/{token}                                          wait_for_callback
//   GET  /health
void add_trigger_routes(http::Router& router, const Context& context);

// Leaves a refused event of the flow whose address a request was sent to that no route sees: too
// large, or no valid HTTP. Thread: the front.
void record_refused_request(
    const Context& context, const http::ServerRequest& request, const Error& error
);

}  // namespace tideway::server
