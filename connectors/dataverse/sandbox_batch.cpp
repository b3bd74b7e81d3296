#include "connectors/dataverse/sandbox_batch.h"

#include <algorithm>

#include "engine/base/uid.h"

namespace tideway::connectors::dataverse::sandbox {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string boundary_of(std::string_view content_type) {
    const std::size_t at = content_type.find("boundary=");
    if (at == std::string_view::npos) {
        return {};
    }
    std::string_view value = content_type.substr(at + 9);
    value = trimmed(value.substr(0, value.find(';')));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
}

// The next line without its end; moves `rest` behind it.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::vector<std::string_view> split_parts(std::string_view body, const std::string& boundary) {
    const std::string delimiter = "--" + boundary;
    std::vector<std::string_view> out;
    std::size_t start = std::string_view::npos;
    for (std::size_t at = body.find(delimiter); at != std::string_view::npos;
         at = body.find(delimiter, at + delimiter.size())) {
        if (at > 0 && body[at - 1] != '\n') {
            continue;
        }
        if (start != std::string_view::npos) {
            out.push_back(body.substr(start, at - start));
        }
        std::string_view rest = body.substr(at + delimiter.size());
        if (rest.starts_with("--")) {
            return out;
        }
        take_line(rest);
        start = body.size() - rest.size();
    }
    if (start != std::string_view::npos) {
        out.push_back(body.substr(start));  // no closing delimiter
    }
    return out;
}

http::Headers take_headers(std::string_view& rest) {
    http::Headers out;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        const std::size_t colon = line.find(':');
        if (line.empty()) {
            break;
        }
        if (colon != std::string_view::npos) {
            out.add(
                std::string(trimmed(line.substr(0, colon))),
                std::string(trimmed(line.substr(colon + 1)))
            );
        }
    }
    return out;
}

Outcome<BatchItem::Operation> parse_operation(std::string_view part) {
    const http::Headers outer = take_headers(part);
    while (part.starts_with("\r\n") || part.starts_with("\n")) {
        take_line(part);
    }
    const std::string_view line = take_line(part);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos) {
        return refuse(400, codes::kInvalidArgument, "A part of the batch has no request line.");
    }
    const bool versioned = last > first && line.substr(last + 1).starts_with("HTTP/");
    BatchItem::Operation out;
    out.method = std::string(line.substr(0, first));
    out.url = std::string(
        trimmed(line.substr(first + 1, versioned ? last - first - 1 : std::string_view::npos))
    );
    out.headers = take_headers(part);
    out.body = std::string(trimmed(part));
    out.content_id = outer.get_or("Content-ID", out.headers.get_or("Content-ID", ""));
    return out;
}

Outcome<BatchItem> parse_item(std::string_view part) {
    BatchItem out;
    std::string_view rest = part;
    const http::Headers headers = take_headers(rest);
    const std::string type = headers.get_or("Content-Type", "application/http");
    out.changeset = type.starts_with("multipart/mixed");
    std::vector<std::string_view> parts = {part};
    if (out.changeset) {
        parts = split_parts(rest, boundary_of(type));
    }
    for (const std::string_view each : parts) {
        auto operation = parse_operation(each);
        if (!operation) {
            return tl::unexpected<ServiceError>(operation.error());
        }
        if (out.changeset && operation->method == "GET") {
            return refuse(400, codes::kInvalidArgument, "A changeset cannot contain GET requests.");
        }
        out.operations.push_back(std::move(*operation));
    }
    return out;
}

// "$1/name" starts with the row that request 1 made.
std::string resolved(
    const std::string& url, const std::map<std::string, std::string>& content_ids
) {
    const std::size_t dollar = url.starts_with("/$") ? 1 : 0;
    if (url.size() <= dollar || url[dollar] != '$') {
        return url;
    }
    const std::size_t end = std::min(url.find('/', dollar + 1), url.size());
    const auto made = content_ids.find(url.substr(dollar + 1, end - dollar - 1));
    return made == content_ids.end() ? url : made->second + url.substr(end);
}

ApiRequest inner_request(
    const ApiRequest& batch,
    const BatchItem::Operation& operation,
    const std::map<std::string, std::string>& content_ids
) {
    ApiRequest out;
    out.method = operation.method;
    out.headers = operation.headers;
    out.body = operation.body;
    out.caller = batch.caller;
    out.root = batch.root;
    out.content_ids = content_ids;
    std::string url = resolved(operation.url, content_ids);
    const std::size_t data = url.find("/api/data/v");
    if (data != std::string::npos) {
        const std::size_t slash = std::min(url.find('/', data + 11), url.size());
        url = url.substr(slash);
    }
    const std::size_t mark = std::min(url.find('?'), url.size());
    out.path = url.substr(0, mark);
    out.query = mark < url.size() ? url.substr(mark + 1) : "";
    if (out.path.starts_with('/')) {
        out.path.erase(0, 1);
    }
    return out;
}

std::string print_response(const http::Response& response, const std::string& content_id) {
    std::string out = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    if (!content_id.empty()) {
        out += "Content-ID: " + content_id + "\r\n";
    }
    out += "\r\nHTTP/1.1 " + std::to_string(response.status) + " " +
           std::string(http::reason_phrase(response.status)) + "\r\n";
    for (const auto& [name, value] : response.headers) {
        out += name + ": " + value + "\r\n";
    }
    return out + "\r\n" + response.body + "\r\n";
}

struct Part {
    std::string text;
    bool failed = false;
};

Part run_single(const ApiRequest& batch, const BatchItem& item, const BatchTarget& target) {
    const ApiRequest request = inner_request(batch, item.operations.front(), {});
    const http::Response response = target.handle(request);
    target.commit(request);
    return {print_response(response, ""), response.status >= 400};
}

// All or nothing: the first refusal undoes what came before it and is the changeset's only answer.
Part run_changeset(const ApiRequest& batch, const BatchItem& item, const BatchTarget& target) {
    const Database::Savepoint start = target.savepoint();
    std::map<std::string, std::string> content_ids;
    const std::string boundary = "changesetresponse_" + Uid::random().guid();
    std::string parts;
    for (const BatchItem::Operation& operation : item.operations) {
        const http::Response response = target.handle(inner_request(batch, operation, content_ids));
        if (response.status >= 400) {
            target.rollback(start);
            return {print_response(response, ""), true};
        }
        const std::string address = response.headers.get_or("OData-EntityId", "");
        if (!operation.content_id.empty() && !address.empty()) {
            content_ids[operation.content_id] = address;
        }
        parts += "--" + boundary + "\r\n" + print_response(response, operation.content_id);
    }
    target.commit(batch);
    return {
        "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n" + parts + "--" +
            boundary + "--\r\n",
        false};
}

}  // namespace

Outcome<std::vector<BatchItem>> parse_batch(std::string_view content_type, std::string_view body) {
    const std::string boundary = boundary_of(content_type);
    if (boundary.empty()) {
        return refuse(
            400,
            codes::kInvalidArgument,
            "The Content-Type of a batch must be multipart/mixed with a boundary."
        );
    }
    std::vector<BatchItem> out;
    std::size_t operations = 0;
    for (const std::string_view part : split_parts(body, boundary)) {
        auto item = parse_item(part);
        if (!item) {
            return tl::unexpected<ServiceError>(item.error());
        }
        operations += item->operations.size();
        out.push_back(std::move(*item));
    }
    if (operations > kBatchOperationsMax) {
        return refuse(
            400,
            codes::kInvalidArgument,
            "The number of operations in the batch, " + std::to_string(operations) +
                ", exceeds the limit of " + std::to_string(kBatchOperationsMax) + "."
        );
    }
    return out;
}

http::Response run_batch(const ApiRequest& batch, const BatchTarget& target) {
    const auto items = parse_batch(batch.headers.get_or("Content-Type", ""), batch.body);
    if (!items) {
        return WebApi::error_response(items.error(), batch);
    }
    const Preferences preferences = Preferences::of(batch.headers);
    const std::string boundary = "batchresponse_" + Uid::random().guid();
    http::Response out;
    out.status = 200;
    out.headers.add("OData-Version", "4.0");
    out.headers.add("Content-Type", "multipart/mixed; boundary=" + boundary);
    for (const BatchItem& item : *items) {
        if (item.operations.empty()) {
            continue;
        }
        const Part part =
            item.changeset ? run_changeset(batch, item, target) : run_single(batch, item, target);
        out.body += "--" + boundary + "\r\n" + part.text;
        if (part.failed && !preferences.continue_on_error) {
            break;
        }
    }
    out.body += "--" + boundary + "--\r\n";
    return out;
}

}  // namespace tideway::connectors::dataverse::sandbox
