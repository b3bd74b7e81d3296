// What a flow wrote, as a request; and an answer, as what a flow gets. Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/connector/connector.h"
#include "engine/http/message.h"

namespace tideway::connectors::http {

// From {uri, headers, queries, body}. Refuses addresses that are no http(s) URL and header fields
// that would change the framing of the message.
Result<::tideway::http::Request> build_request(
    const std::string& method, const Json& input, const Json& settings
);

// {"statusCode", "headers", "body"}. A JSON body is taken over byte for byte.
Payload print_response(const ::tideway::http::Response& response);

// Same scheme, host and port.
bool same_origin(std::string_view url, std::string_view other);

// `request` to its address. The credentials of the connection go along to the origin of its
// base_url; other hosts do not see them.
connector::Send to_send(::tideway::http::Request request, const Json& settings);

// `location` of a redirect, seen from `url`; "" when it leads nowhere.
std::string resolve_location(std::string_view url, std::string_view location);

}  // namespace tideway::connectors::http
