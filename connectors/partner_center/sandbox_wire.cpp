#include "connectors/partner_center/sandbox_wire.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr Ticks kTicksPerMicrosecond = 10;
constexpr Ticks kTicksPerSecond = 10'000'000;

int older_code_of(const ApiError& error) {
    switch (error.status) {
        case 401:
            return 1000;
        case 403:
            return 2032;
        case 404:
            return 2050;
        case 409:
            return 2053;
        case 412:
            return 2055;
        case 429:
            return 2056;
        default:
            return 2001;
    }
}

}  // namespace

http::Response json_answer(int status, const Json& body) {
    http::Response out;
    out.status = status;
    out.headers.set("Content-Type", "application/json; charset=utf-8");
    out.body = dump(body);
    return out;
}

http::Response referrals_refusal(const ApiError& error) {
    Json inside = {{"code", error.code}, {"message", error.message}, {"target", "referral"}};
    if (!error.inner_code.empty()) {
        inside["innerError"] = {{"code", error.inner_code}, {"message", error.message}};
    }
    return json_answer(error.status, {{"error", std::move(inside)}});
}

http::Response partner_center_refusal(const ApiError& error) {
    return json_answer(
        error.status,
        {{"code", older_code_of(error)},
         {"description", error.message},
         {"data", Json::array()},
         {"source", "PartnerFD"}}
    );
}

http::Response control_refusal(const ApiError& error) {
    return json_answer(
        error.status, {{"error", {{"code", error.code}, {"message", error.message}}}}
    );
}

Outcome<Json> read_body(const http::ServerRequest& request) {
    if (!request.headers.get("Content-Length")) {
        return refuse(
            411, "invalidRequest", "The request must carry a Content-Length.", "lengthRequired"
        );
    }
    const std::string type = request.headers.get_or("Content-Type", "");
    if (!type.starts_with("application/json") || type.starts_with("application/json-patch")) {
        return refuse(
            415,
            "invalidRequest",
            "The content type '" + type + "' is not supported; send application/json.",
            "unsupportedMediaType"
        );
    }
    auto body = parse_json(request.body, "the request body");
    if (!body) {
        return refuse(body.error().message, "malformedBody");
    }
    return std::move(*body);
}

Ticks to_ticks(Timestamp at) {
    return to_micros(at) * kTicksPerMicrosecond;
}

std::string format_ticks(Ticks at) {
    const Timestamp second = Timestamp(std::chrono::seconds(at / kTicksPerSecond));
    std::string out = format_utc(second);
    out.pop_back();
    const std::string digits = std::to_string(at % kTicksPerSecond);
    return out + "." + std::string(7 - digits.size(), '0') + digits + "Z";
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
