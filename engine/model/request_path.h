// The address of trigger.http_request behind its /invoke: relative_path = "customer/{id}". Thread:
// any.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace tideway::model {

struct RequestSegment {
    std::string text;  // the literal, or the parameter's name
    bool is_parameter = false;
};

struct RequestPath {
    std::string text;  // as written, without a slash at the begin
    std::vector<RequestSegment> segments;
};

// Each segment is a literal or one parameter in braces. Code "InvalidFlowSetting".
Result<RequestPath> parse_request_path(std::string_view text);

using PathParameters = std::map<std::string, std::string>;

// `segments` of an address, decoded. Literals are compared exactly; a parameter is never empty.
// Nothing: the address is another one.
std::optional<PathParameters> match_path(
    const RequestPath& path, std::span<const std::string> segments
);

}  // namespace tideway::model
