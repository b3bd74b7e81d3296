// /api/v1/packs/{pack}/files: read and save what is edited, by ETag.
#include <utility>

#include "engine/server/api.h"
#include "engine/server/drafts/draft_views.h"

namespace tideway::server {

namespace {

using runtime::FileCondition;

constexpr int kPreconditionFailed = 412;
constexpr int kPreconditionRequired = 428;

// "W/" is for texts that are only much the same; ours are the same or not.
std::string without_quotes(std::string_view etag) {
    const bool is_quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
    return std::string(is_quoted ? etag.substr(1, etag.size() - 2) : etag);
}

// If-Match with the ETag that was read, or If-None-Match: * for a new file. One of them is needed.
Result<FileCondition> condition_of(const http::ServerRequest& request) {
    FileCondition out;
    if (const auto etag = request.headers.get("If-Match")) {
        out.etag = without_quotes(*etag);
        return out;
    }
    if (request.headers.get_or("If-None-Match", "") == "*") {
        out.is_new = true;
        return out;
    }
    return fail(
        ErrorKind::kInvalidInput,
        "ConditionMissing",
        "The request does not say which version of the file it changes.",
        "Send If-Match with the ETag that the file was read with, or If-None-Match: * for a new "
        "file."
    );
}

http::Response error_of(const Error& error) {
    http::Response response = http::error_response(error);
    if (error.code == "FileChanged") {
        response.status = kPreconditionFailed;
    } else if (error.code == "ConditionMissing") {
        response.status = kPreconditionRequired;
    }
    return response;
}

void put_etag(http::Response& response, const std::string& etag) {
    if (!etag.empty()) {
        response.headers.set("ETag", "\"" + etag + "\"");
    }
}

Result<Json> list(const Context& context, const std::string& pack) {
    TIDEWAY_TRY_ASSIGN(const auto files, context.drafts->files(pack));
    Json out = {{"value", Json::array()}};
    for (const runtime::PackFile& file : files) {
        out["value"].push_back(view(file));
    }
    return out;
}

Result<http::Response> read(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(
        std::string text, context.drafts->text(request.params.at("pack"), request.params.at("file"))
    );
    http::Response response;
    response.status = 200;
    put_etag(response, runtime::etag_of(text));
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = std::move(text);
    return response;
}

Payload etag_json(const std::string& etag) {
    return etag.empty() ? Payload() : to_payload(Json{{"etag", etag}});
}

Result<http::Response> answer_of(
    const Context& context,
    const http::ServerRequest& request,
    const char* act,
    const FileCondition& condition,
    const runtime::SavedFile& saved
) {
    TIDEWAY_TRY(audit(
        context,
        request,
        act,
        request.params.at("pack") + "/" + request.params.at("file"),
        etag_json(condition.etag),
        etag_json(saved.file.etag)
    ));
    http::Response response = http::json_response(200, dump(view(saved)));
    put_etag(response, saved.file.etag);
    return response;
}

Result<http::Response> save(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const FileCondition condition, condition_of(request));
    TIDEWAY_TRY_ASSIGN(
        const auto saved,
        context.drafts->save(
            request.params.at("pack"),
            request.params.at("file"),
            request.body,
            condition,
            context.authentication->person(request.headers)
        )
    );
    return answer_of(context, request, "files.save", condition, saved);
}

Result<http::Response> remove(const Context& context, const http::ServerRequest& request) {
    TIDEWAY_TRY_ASSIGN(const FileCondition condition, condition_of(request));
    TIDEWAY_TRY_ASSIGN(
        const auto saved,
        context.drafts->remove(
            request.params.at("pack"),
            request.params.at("file"),
            condition,
            context.authentication->person(request.headers)
        )
    );
    return answer_of(context, request, "files.remove", condition, saved);
}

}  // namespace

void add_file_routes(ApiRoutes& routes) {
    const Context& context = routes.context();
    routes.add(
        "GET",
        "/packs/{pack}/files",
        Role::kViewer,
        [&context](const http::ServerRequest& request, const Answer& answer) {
            answer_from_desk(context, answer, [&context, pack = request.params.at("pack")] {
                return list(context, pack);
            });
        }
    );
    const auto add = [&](const char* method, Role least, auto work) {
        routes.add(
            method,
            "/packs/{pack}/files/{file*}",
            least,
            [&context, work](const http::ServerRequest& request, const Answer& answer) {
                context.desk->post([&context, request, answer, work] {
                    auto response = work(context, request);
                    answer->send(response ? std::move(*response) : error_of(response.error()));
                });
            }
        );
    };
    add("GET", Role::kViewer, read);
    add("PUT", Role::kAdmin, save);
    add("DELETE", Role::kAdmin, remove);
}

}  // namespace tideway::server
