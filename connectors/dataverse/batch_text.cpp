// The multipart text of a batch: printed and parsed.
#include <algorithm>
#include <cctype>
#include <charconv>

#include "connectors/dataverse/batch.h"

namespace tideway::connectors::dataverse {
namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr int kDepthMax = 2;  // a batch and its changesets

void print_operation(
    std::string& out, const BatchOperation& operation, const std::string& api_url, int content_id
) {
    out += "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
    if (content_id > 0) {
        out += "Content-ID: " + std::to_string(content_id) + "\r\n";
    }
    out += "\r\n" + operation.method + " " + api_url + "/" + operation.path + " HTTP/1.1\r\n";
    out += "Accept: application/json\r\n";
    for (const auto& [name, value] : operation.headers) {
        out += name;
        out += ": ";
        out += value;
        out += kCrlf;
    }
    if (!operation.body.empty()) {
        out += "Content-Type: application/json; charset=utf-8\r\n";
    }
    out += "\r\n" + operation.body + "\r\n";
}

// Takes the next line off `rest`, without its end.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

// Header lines up to the empty one.
http::Headers take_headers(std::string_view& rest) {
    http::Headers headers;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        if (line.empty()) {
            break;
        }
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            headers.add(
                std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))
            );
        }
    }
    return headers;
}

std::string boundary_of(std::string_view content_type) {
    if (!content_type.starts_with("multipart/")) {
        return {};
    }
    constexpr std::string_view kName = "boundary=";
    const std::size_t at = content_type.find(kName);
    if (at == std::string_view::npos) {
        return {};
    }
    std::string_view value = content_type.substr(at + kName.size());
    value = trim(value.substr(0, value.find(';')));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
}

// The texts between the lines of a boundary.
std::vector<std::string_view> split(std::string_view body, const std::string& boundary) {
    std::vector<std::string_view> parts;
    const std::string mark = "--" + boundary;
    std::size_t begin = std::string_view::npos;
    std::string_view rest = body;
    while (!rest.empty()) {
        const std::size_t at = body.size() - rest.size();
        const std::string_view line = trim(take_line(rest));
        if (line != mark && line != mark + "--") {
            continue;
        }
        if (begin != std::string_view::npos) {
            parts.push_back(body.substr(begin, at - begin));
        }
        if (line != mark) {
            break;
        }
        begin = body.size() - rest.size();
    }
    return parts;
}

int number_in(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

http::Response parse_response(std::string_view text) {
    http::Response response;
    std::string_view line;
    while (!text.empty() && line.empty()) {
        line = take_line(text);
    }
    const std::size_t space = line.find(' ');
    if (line.starts_with("HTTP/") && space != std::string_view::npos) {
        response.status = number_in(line.substr(space + 1));
    }
    response.headers = take_headers(text);
    response.body = std::string(trim(text));
    return response;
}

void parse_into(
    std::vector<BatchPart>& out, std::string_view content_type, std::string_view body, int depth
) {
    const std::string boundary = boundary_of(content_type);
    if (boundary.empty() || depth > kDepthMax) {
        return;
    }
    for (std::string_view text : split(body, boundary)) {
        const http::Headers headers = take_headers(text);
        const std::string type = headers.get_or("Content-Type", "");
        if (!boundary_of(type).empty()) {
            parse_into(out, type, text, depth + 1);
            continue;
        }
        BatchPart part;
        part.response = parse_response(text);
        part.content_id = number_in(headers.get_or("Content-ID", "0"));
        part.in_changeset = depth > 1;
        out.push_back(std::move(part));
    }
}

}  // namespace

std::string print_batch(
    const std::vector<BatchOperation>& operations, const std::string& api_url, const std::string& id
) {
    const std::string batch_mark = "--batch_" + id;
    std::string out;
    std::string changeset;  // the open one
    int changesets = 0;
    int content_id = 0;
    const auto close = [&] {
        if (!changeset.empty()) {
            out += "--" + changeset + "--\r\n";
            changeset.clear();
        }
    };
    for (const BatchOperation& operation : operations) {
        if (operation.is_read()) {
            close();
            out += batch_mark + "\r\n";
            print_operation(out, operation, api_url, 0);
            continue;
        }
        if (changeset.empty()) {
            changeset = "changeset_" + id + "_" + std::to_string(++changesets);
            out += batch_mark + "\r\nContent-Type: multipart/mixed; boundary=" + changeset +
                   "\r\n\r\n";
        }
        out += "--" + changeset + "\r\n";
        print_operation(out, operation, api_url, ++content_id);
    }
    close();
    return out + batch_mark + "--\r\n";
}

std::vector<BatchPart> parse_batch(std::string_view content_type, std::string_view body) {
    std::vector<BatchPart> out;
    parse_into(out, content_type, body, 1);
    return out;
}

}  // namespace tideway::connectors::dataverse
