#include "engine/http/multipart.h"

#include <optional>

#include "engine/base/limits.h"
#include "engine/http/media_type.h"

namespace tideway::http {
namespace {

constexpr std::size_t kBoundaryBytesMax = 70;  // RFC 2046

tl::unexpected<Error> invalid_multipart(std::string why) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidMultipart",
        "The multipart body cannot be read: " + std::move(why) + ".",
        "Let your HTTP library make the body and its Content-Type together."
    );
}

std::string_view trim(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ') || text.ends_with('\t')) {
        text.remove_suffix(1);
    }
    return text;
}

// A line that is nothing but the delimiter: where what follows it begins, and whether it is the
// last.
struct Delimiter {
    std::size_t begin = 0;  // of the line break before it, or of the body
    std::size_t end = 0;
    bool is_last = false;
};

std::optional<Delimiter> find_delimiter(
    std::string_view body, const std::string& delimiter, std::size_t from
) {
    for (std::size_t at = body.find(delimiter, from); at != std::string_view::npos;
         at = body.find(delimiter, at + 1)) {
        const bool begins_line = at == 0 || (at >= 2 && body.substr(at - 2, 2) == "\r\n");
        std::size_t end = at + delimiter.size();
        const bool is_last = body.substr(end, 2) == "--";
        end += is_last ? 2 : 0;
        while (end < body.size() && (body[end] == ' ' || body[end] == '\t')) {
            ++end;
        }
        const bool ends_line = body.substr(end, 2) == "\r\n" || (is_last && end == body.size());
        if (begins_line && ends_line) {
            return Delimiter{at == 0 ? 0 : at - 2, std::min(end + 2, body.size()), is_last};
        }
    }
    return std::nullopt;
}

Status read_headers(std::string_view text, Headers& out) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 2, text.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            return invalid_multipart("a part has a header without a name");
        }
        out.add(
            std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))
        );
    }
    return {};
}

Result<MultipartPart> read_part(std::string_view text) {
    MultipartPart out;
    const bool has_headers = !text.starts_with("\r\n");
    const std::size_t end = has_headers ? text.find("\r\n\r\n") : 0;
    if (end == std::string_view::npos) {
        return invalid_multipart("a part has no empty line after its headers");
    }
    if (end > limits::kPartHeaderBytesMax) {
        return invalid_multipart("the headers of a part are too long");
    }
    TIDEWAY_TRY(read_headers(text.substr(0, end), out.headers));
    out.body = text.substr(end + (has_headers ? 4 : 2));
    const MediaType disposition = parse_media_type(out.headers.get_or("Content-Disposition", ""));
    out.name = disposition.parameter("name");
    out.file_name = disposition.parameter("filename");
    return out;
}

}  // namespace

Result<std::vector<MultipartPart>> parse_multipart(
    std::string_view body, const std::string& boundary
) {
    if (boundary.empty() || boundary.size() > kBoundaryBytesMax) {
        return invalid_multipart("its Content-Type has no boundary of 1 to 70 characters");
    }
    const std::string delimiter = "--" + boundary;
    auto begin = find_delimiter(body, delimiter, 0);
    if (!begin) {
        return invalid_multipart("it does not contain its boundary");
    }
    std::vector<MultipartPart> out;
    while (!begin->is_last) {
        // From the line break on: a part may be empty.
        const auto end = find_delimiter(body, delimiter, begin->end - 2);
        if (!end || end->begin < begin->end - 2) {
            return invalid_multipart("it ends before its last boundary");
        }
        if (out.size() == limits::kFormPartsMax) {
            return invalid_multipart(
                "it has more than " + std::to_string(limits::kFormPartsMax) + " parts"
            );
        }
        if (end->begin < begin->end) {
            return invalid_multipart("a part has no empty line after its headers");
        }
        TIDEWAY_TRY_ASSIGN(
            MultipartPart part, read_part(body.substr(begin->end, end->begin - begin->end))
        );
        out.push_back(std::move(part));
        begin = end;
    }
    return out;
}

}  // namespace tideway::http
