// GET, POST, PUT and PATCH /v1.0/engagements/referrals.
#include <algorithm>
#include <string>
#include <utility>

#include "connectors/partner_center/sandbox_service.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

constexpr std::string_view kPath = "/v1.0/engagements/referrals";
constexpr std::string_view kOtherPath = "/engagements/v1/referrals";

tl::unexpected<ApiError> denied() {
    return refuse(403, "accessDenied", "The caller may not use referrals.", "accessDenied");
}

Viewer viewer_of(const connector::TokenClaims& claims) {
    return {claims.role == "admin", claims.user};
}

Writer writer_of(const http::ServerRequest& request, const connector::TokenClaims& claims) {
    return {request.headers.get_or("X-Caller-Id", claims.client_id)};
}

bool wants_representation(const http::ServerRequest& request) {
    const std::string prefer = request.headers.get_or("Prefer", "");
    return prefer.find("return=representation") != std::string::npos;
}

}  // namespace

http::Response Service::referrals(const http::ServerRequest& request, Api api) {
    const auto claims = authenticate(request, api);
    if (!claims) {
        http::Response out = referrals_refusal(claims.error());
        out.headers.set("WWW-Authenticate", "Bearer");
        return out;
    }
    const Referral* written = request.method == "GET" ? nullptr : referral_at(request.path);
    const Json before = written == nullptr ? Json() : written->wire;
    auto answer = dispatch_referrals(request, *claims);
    http::Response out = answer ? std::move(*answer) : referrals_refusal(answer.error());
    if (request.method != "GET") {
        remember_write(request, *claims, out.status, before);
    }
    return out;
}

const Referral* Service::referral_at(std::string_view path) const {
    const auto prefix = path.starts_with(kPath) ? kPath : kOtherPath;
    const std::vector<std::string> rest = segments_after(path, prefix);
    return rest.empty() ? nullptr : book_.find_by_id(rest[0]);
}

Outcome<http::Response> Service::dispatch_referrals(
    const http::ServerRequest& request, const Claims& claims
) {
    const bool known_role = claims.role == "admin" || claims.role == "user";
    if (claims.user.empty() || !known_role) {
        return denied();  // referrals are for people: app-only tokens do not pass either
    }
    const auto prefix = request.path.starts_with(kPath) ? kPath : kOtherPath;
    const std::vector<std::string> rest = segments_after(request.path, prefix);
    const bool slash_at_end = request.path.ends_with('/');
    if (rest.size() > 1 || (slash_at_end && !rest.empty() && request.method != "PATCH")) {
        return refuse(404, "itemNotFound", "There is nothing at '" + request.path + "'.");
    }
    if (rest.empty() && request.method == "GET") {
        return list(request, claims);
    }
    if (rest.empty() && request.method == "POST") {
        return create(request, claims);
    }
    if (!rest.empty() && request.method == "GET") {
        return one(request, claims, rest[0]);
    }
    if (!rest.empty() && (request.method == "PUT" || request.method == "PATCH")) {
        return write_one(request, claims, rest[0]);
    }
    return refuse(405, "invalidRequest", "The method " + request.method + " is not allowed here.");
}

Outcome<http::Response> Service::list(const http::ServerRequest& request, const Claims& claims) {
    auto page = list_referrals(
        book_,
        http::parse_query(request.query),
        viewer_of(claims),
        options_.page_size,
        [this](const Json& wire) { return dress(wire); }
    );
    if (!page) {
        return tl::unexpected<ApiError>(page.error());
    }
    page->body["@odata.context"] = referrals_url_ + "/v1.0/$metadata#referrals";
    for (Json& item : page->body["value"]) {
        item.erase("@odata.context");
    }
    if (page->skip_token) {
        page->body["@odata.nextLink"] = next_link(request, *page->skip_token);
    }
    return json_answer(200, page->body);
}

// The real service's links lack a segment and say http.
std::string Service::next_link(const http::ServerRequest& request, const std::string& token) const {
    http::QueryFields fields = http::parse_query(request.query);
    std::erase_if(fields, [](const auto& field) { return field.first == "$skiptoken"; });
    fields.emplace_back("$skiptoken", token);
    std::string base = referrals_url_ + std::string(kPath);
    if (options_.links == LinkStyle::kFaithful) {
        const std::size_t host = base.find("://");
        base = "http" + base.substr(host, base.find('/', host + 3) - host) + "/v1.0/referrals";
    }
    return base + "?" + http::print_query(fields);
}

Outcome<http::Response> Service::one(
    const http::ServerRequest&, const Claims& claims, const std::string& id
) {
    const Referral* found = book_.find_by_id(id);
    if (found == nullptr) {
        return refuse(404, "itemNotFound", "The referral '" + id + "' does not exist.");
    }
    if (!book_.sees(viewer_of(claims), *found)) {
        return denied();
    }
    return resource(200, *found);
}

Outcome<http::Response> Service::create(const http::ServerRequest& request, const Claims& claims) {
    const auto body = read_body(request);
    if (!body) {
        return tl::unexpected<ApiError>(body.error());
    }
    const auto made = book_.create(*body, writer_of(request, claims));
    if (!made) {
        return tl::unexpected<ApiError>(made.error());
    }
    return resource(200, **made);
}

Outcome<http::Response> Service::write_one(
    const http::ServerRequest& request, const Claims& claims, const std::string& id
) {
    const auto body = read_body(request);
    if (!body) {
        return tl::unexpected<ApiError>(body.error());
    }
    const Referral* found = book_.find_by_id(id);
    if (found != nullptr && !book_.sees(viewer_of(claims), *found)) {
        return denied();
    }
    const bool registers = request.body.find("/registrations/-") != std::string::npos;
    if (registers && !request.headers.get("X-Caller-Id")) {
        return refuse("A deal registration needs the header X-Caller-Id.", "required");
    }
    const std::string if_match = request.headers.get_or("If-Match", "");
    const Writer writer = writer_of(request, claims);
    const auto written = request.method == "PUT" ? book_.replace(id, if_match, *body, writer)
                                                 : book_.patch(id, if_match, *body, writer);
    if (!written) {
        return tl::unexpected<ApiError>(written.error());
    }
    if (request.method == "PUT") {
        return resource(200, **written);
    }
    if (wants_representation(request)) {
        http::Response out = resource(200, **written);
        out.headers.set("Preference-Applied", "return=representation");
        return out;
    }
    http::Response out;
    out.status = 204;
    out.headers.set("ETag", string_or((*written)->wire, "eTag"));
    return out;
}

http::Response Service::resource(int status, const Referral& referral) const {
    http::Response out = json_answer(status, dress(referral.wire));
    out.headers.set("ETag", string_or(referral.wire, "eTag"));
    return out;
}

// The stored referral as clients see it: with context and links.
Json Service::dress(const Json& wire) const {
    const bool faithful = options_.links == LinkStyle::kFaithful;
    const std::string id = string_or(wire, "id");
    const std::string collection =
        referrals_url_ + (faithful ? "/v1.0/engagments/referrals" : std::string(kPath));
    const std::string filter = "$filter=engagementId eq '" + string_or(wire, "engagementId") + "'";
    Json out = wire;
    out["@odata.context"] = referrals_url_ + "/v1.0/$metadata#referrals/$entity";
    out["links"] = {
        {"self", {{"uri", collection + (faithful ? "" : "/") + id}, {"method", "GET"}}},
        {"relatedReferrals",
         {{"uri", collection + (faithful ? "" : "?") + filter}, {"method", "GET"}}}};
    return out;
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
