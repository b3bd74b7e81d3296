// multipart bodies (RFC 2046, RFC 7578). Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/http/message.h"

namespace tideway::http {

struct MultipartPart {
    Headers headers;
    std::string name;       // of the form's field; or empty
    std::string file_name;  // or empty
    std::string_view body;  // borrowed from the whole body
};

// The parts between the lines of the boundary. At most limits::kFormPartsMax parts with
// limits::kPartHeaderBytesMax of headers each. Code "InvalidMultipart" says what is wrong.
Result<std::vector<MultipartPart>> parse_multipart(
    std::string_view body, const std::string& boundary
);

}  // namespace tideway::http
