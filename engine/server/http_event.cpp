#include "engine/server/http_event.h"

#include <algorithm>
#include <array>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/base/utf8.h"
#include "engine/http/media_type.h"
#include "engine/http/multipart.h"
#include "engine/http/router.h"
#include "engine/http/url.h"

namespace tideway::server {

namespace {

// Not for history, and not for scripts: who sent them can use them elsewhere.
constexpr std::array<std::string_view, 3> kCredentials{
    "authorization", "proxy-authorization", "cookie"};
// Of the address itself.
constexpr std::array<std::string_view, 4> kSignature{"sig", "sp", "sv", "se"};

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

tl::unexpected<Error> not_utf8(std::string_view what) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidEncoding",
        std::string(what) + " is not valid UTF-8.",
        "Send UTF-8, or say charset=iso-8859-1 in the Content-Type of a text."
    );
}

void put_joined(Json& object, const std::string& name, const std::string& value, const char* by) {
    const auto found = object.find(name);
    if (found == object.end()) {
        object[name] = value;
    } else {
        *found = found->get<std::string>() + by + value;
    }
}

Json headers_of(const http::Headers& headers) {
    Json out = Json::object();
    for (const auto& [name, value] : headers) {
        const std::string lower = lower_case(name);
        if (std::ranges::find(kCredentials, lower) == kCredentials.end()) {
            put_joined(out, lower, value, ", ");
        }
    }
    return out;
}

Result<Json> queries_of(std::string_view query) {
    Json out = Json::object();
    for (const auto& [name, value] : http::parse_query(query)) {
        if (!is_utf8(name) || !is_utf8(value)) {
            return not_utf8("A query parameter of the address");
        }
        if (std::ranges::find(kSignature, name) == kSignature.end()) {
            put_joined(out, name, value, ",");
        }
    }
    return out;
}

// Each byte is its character's number.
std::string from_latin1(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        append_utf8(out, static_cast<unsigned char>(c));
    }
    return out;
}

// The text in UTF-8, whatever charset its type says.
Result<std::string> text_of(
    std::string_view bytes, const http::MediaType& type, std::string_view what
) {
    const std::string charset = lower_case(type.parameter("charset"));
    if (charset == "iso-8859-1" || charset == "latin1") {
        return from_latin1(bytes);
    }
    if (!charset.empty() && charset != "utf-8" && charset != "utf8" && charset != "us-ascii") {
        return fail(
            ErrorKind::kInvalidInput,
            "UnsupportedMediaType",
            std::string(what) + " is in the charset '" + charset + "', which is not read here.",
            "Send UTF-8."
        );
    }
    if (!is_utf8(bytes)) {
        return not_utf8(what);
    }
    return std::string(bytes);
}

Json content_of(std::string_view bytes, const std::string& content_type) {
    return {{"$content-type", content_type}, {"$content", to_base64(bytes)}};
}

Result<Json> form_of(std::string_view bytes, const std::string& content_type) {
    const auto fields = http::parse_query(bytes);
    if (fields.size() > limits::kFormPartsMax) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidForm",
            "The form has more than " + std::to_string(limits::kFormPartsMax) + " fields."
        );
    }
    Json out = content_of(bytes, content_type);
    out["$formdata"] = Json::array();
    for (const auto& [name, value] : fields) {
        if (!is_utf8(name) || !is_utf8(value)) {
            return not_utf8("A field of the form");
        }
        out["$formdata"].push_back({{"key", name}, {"value", value}});
    }
    return out;
}

// What is neither a form nor multipart.
Result<Json> simple_body(
    std::string_view bytes, const std::string& content_type, std::string_view what
) {
    const http::MediaType type = http::parse_media_type(content_type);
    if (type.is_json()) {
        TIDEWAY_TRY_ASSIGN(const std::string text, text_of(bytes, type, what));
        return parse_json(text, what);
    }
    if (type.is_text()) {
        TIDEWAY_TRY_ASSIGN(std::string text, text_of(bytes, type, what));
        return Json(std::move(text));
    }
    return content_of(bytes, content_type);
}

Result<Json> part_of(const http::MultipartPart& part) {
    const std::string what =
        part.name.empty() ? "A part of the request body" : "The part '" + part.name + "'";
    if (!is_utf8(part.name) || !is_utf8(part.file_name)) {
        return not_utf8("The name of a part");
    }
    const std::string type = part.headers.get_or(
        "Content-Type", part.file_name.empty() ? "text/plain" : "application/octet-stream"
    );
    Json out = {{"headers", headers_of(part.headers)}};
    if (!part.name.empty()) {
        out["name"] = part.name;
    }
    if (!part.file_name.empty()) {
        out["file_name"] = part.file_name;
    }
    TIDEWAY_TRY_ASSIGN(out["body"], simple_body(part.body, type, what));
    return out;
}

Result<Json> multipart_of(std::string_view bytes, const std::string& content_type) {
    const http::MediaType type = http::parse_media_type(content_type);
    TIDEWAY_TRY_ASSIGN(const auto parts, http::parse_multipart(bytes, type.parameter("boundary")));
    Json out = {{"$content-type", content_type}, {"$multipart", Json::array()}};
    for (const http::MultipartPart& part : parts) {
        TIDEWAY_TRY_ASSIGN(Json value, part_of(part));
        out["$multipart"].push_back(std::move(value));
    }
    return out;
}

Result<Json> body_of_request(const http::ServerRequest& request) {
    const std::string encoding = lower_case(request.headers.get_or("Content-Encoding", "identity"));
    if (encoding != "identity") {
        return fail(
            ErrorKind::kInvalidInput,
            "UnsupportedMediaType",
            "The request body is compressed (Content-Encoding: " + encoding + ").",
            "Send it as it is."
        );
    }
    const std::string type = request.headers.get_or("Content-Type", "application/octet-stream");
    if (!is_utf8(type)) {
        return not_utf8("The Content-Type");
    }
    const std::string name = http::parse_media_type(type).name;
    if (name == "application/x-www-form-urlencoded") {
        return form_of(request.body, type);
    }
    return name.starts_with("multipart/") ? multipart_of(request.body, type)
                                          : simple_body(request.body, type, "The request body");
}

// The decoded segments of what follows /flows/{pack}/{flow}/invoke/.
std::vector<std::string> segments_behind_invoke(std::string_view path) {
    constexpr int kSlashesBefore = 5;
    for (int i = 0; i < kSlashesBefore; ++i) {
        const std::size_t slash = path.find('/');
        if (slash == std::string_view::npos) {
            return {};
        }
        path.remove_prefix(slash + 1);
    }
    std::vector<std::string> out;
    while (true) {
        const std::size_t slash = path.find('/');
        out.push_back(http::decode_component(path.substr(0, slash)));
        if (slash == std::string_view::npos) {
            return out;
        }
        path.remove_prefix(slash + 1);
    }
}

// What the trigger says of the request's line: its method and its path. The parameters of the path.
Result<model::PathParameters> check_line(
    const runtime::FlowEntry& flow,
    const runtime::RequestTrigger& wanted,
    const http::ServerRequest& request
) {
    if (request.method != wanted.method) {
        return fail(
            ErrorKind::kInvalidInput,
            "MethodNotAllowed",
            "The flow '" + flow.row.name + "' is called with " + wanted.method + ", not with " +
                request.method + ".",
            "Call it with that method, or name the other one as `method` of its trigger."
        );
    }
    if (!wanted.path) {
        return model::PathParameters();
    }
    const auto segments = segments_behind_invoke(request.path);
    if (auto parameters = model::match_path(*wanted.path, segments)) {
        return *std::move(parameters);
    }
    return fail(
        ErrorKind::kNotFound,
        "TriggerPathNotFound",
        "The flow '" + flow.row.name + "' is called at .../invoke/" + wanted.path->text +
            "; nothing is at the path of this request.",
        "Make the address with: tideway flows url " + flow.row.name + " --relative ..."
    );
}

}  // namespace

Result<Json> http_event(const http::ServerRequest& request) {
    Json event = {{"method", request.method}, {"headers", headers_of(request.headers)}};
    TIDEWAY_TRY_ASSIGN(event["queries"], queries_of(request.query));
    if (const auto rest = request.params.find("rest"); rest != request.params.end()) {
        if (!is_utf8(rest->second)) {
            return not_utf8("The path of the address");
        }
        event["relative_path"] = rest->second;
    }
    if (!request.body.empty()) {
        TIDEWAY_TRY_ASSIGN(event["body"], body_of_request(request));
    }
    return event;
}

Result<Json> requested_event(const runtime::FlowEntry& flow, const http::ServerRequest& request) {
    const runtime::TriggerInput none;
    const runtime::TriggerInput& wanted = flow.published ? flow.published->input : none;
    Json path = Json::object();
    if (wanted.request) {
        TIDEWAY_TRY_ASSIGN(
            const model::PathParameters parameters, check_line(flow, *wanted.request, request)
        );
        path = parameters;
    }
    TIDEWAY_TRY_ASSIGN(Json event, http_event(request));
    if (wanted.request && wanted.request->path) {
        event["path"] = std::move(path);
    }
    return event;
}

http::Response refusal(const Error& error) {
    http::Response out = http::error_response(error);
    if (error.code == "UnsupportedMediaType") {
        out.status = 415;
    } else if (error.code == "MethodNotAllowed") {
        out.status = 405;
    }
    return out;
}

}  // namespace tideway::server
