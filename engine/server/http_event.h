// An HTTP request as the event of a flow. Thread: any.
#pragma once

#include "engine/base/json.h"
#include "engine/http/server.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::server {

// {method, headers, queries, relative_path, body}. Names of headers are in lower case; what comes
// twice is joined by commas. Without the caller's credentials and without the signature of the
// address. The body: JSON as a value, text as text, everything else as {"$content-type",
// "$content"}, forms with "$formdata" and multipart with "$multipart" (docs/reference/triggers.md).
// No body: no member. What cannot be understood fails with kInvalidInput, code "InvalidJSON",
// "InvalidEncoding", "InvalidMultipart", "InvalidForm" or "UnsupportedMediaType".
Result<Json> http_event(const http::ServerRequest& request);

// The event of a flow with trigger.http_request: with `path`, the parameters of its relative_path,
// when it has one. Refused besides: code "MethodNotAllowed", "TriggerPathNotFound".
Result<Json> requested_event(const runtime::FlowEntry& flow, const http::ServerRequest& request);

// The answer to a request that was refused: 415 and 405 besides what error_response() knows.
http::Response refusal(const Error& error);

}  // namespace tideway::server
