// What the parts of the Partner Center sandbox say to each other and write on the wire: refusals,
// envelopes, timestamps. Thread: the sandbox's loop.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/http/server.h"

namespace tideway::connectors::partner_center::sandbox_parts {

// A refusal of a request; becomes the envelope of the API that refuses.
struct ApiError {
    int status = 400;
    std::string code = "invalidRequest";
    std::string message;
    std::string inner_code;  // of innerError; empty: none
};

template <typename T>
using Outcome = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refuse(
    int status, std::string code, std::string message, std::string inner_code = {}
) {
    return tl::unexpected<ApiError>(ApiError{
        status, std::move(code), std::move(message), std::move(inner_code)});
}

// 400 invalidRequest.
inline tl::unexpected<ApiError> refuse(std::string message, std::string inner_code = {}) {
    return refuse(400, "invalidRequest", std::move(message), std::move(inner_code));
}

http::Response json_answer(int status, const Json& body);

// The referrals API: {"error":{"code","message","target":"referral","innerError":{..}}}.
http::Response referrals_refusal(const ApiError& error);

// api.partnercenter hosts: {"code":2032,"description":"..","data":[],"source":"PartnerFD"}.
http::Response partner_center_refusal(const ApiError& error);

// The control API under /sandbox/.
http::Response control_refusal(const ApiError& error);

// A JSON body, or the refusal that says why it is none (411 for a body without a length, 415, 400).
Outcome<Json> read_body(const http::ServerRequest& request);

// 100 ns units since 1970, as the services count.
using Ticks = std::int64_t;
Ticks to_ticks(Timestamp at);
std::string format_ticks(Ticks at);  // "2026-02-03T10:11:12.1234567Z", always 7 decimals

}  // namespace tideway::connectors::partner_center::sandbox_parts
