#include "engine/model/request_path.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace tideway::model {
namespace {

tl::unexpected<Error> wrong_path(std::string_view text, std::string_view why) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidFlowSetting",
        "The relative_path '" + std::string(text) + "' " + std::string(why) + ".",
        "Write, for example, relative_path = \"customer/{id}\"."
    );
}

bool is_name(std::string_view text) {
    return !text.empty() && (text.front() < '0' || text.front() > '9') &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_';
           });
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> out;
    while (true) {
        const std::size_t slash = text.find('/');
        out.push_back(text.substr(0, slash));
        if (slash == std::string_view::npos) {
            return out;
        }
        text.remove_prefix(slash + 1);
    }
}

}  // namespace

Result<RequestPath> parse_request_path(std::string_view text) {
    RequestPath out;
    out.text = text.starts_with('/') ? text.substr(1) : text;
    const auto parts = split(out.text);
    if (parts.size() > limits::kPathSegmentsMax) {
        return wrong_path(
            text, "has more than " + std::to_string(limits::kPathSegmentsMax) + " segments"
        );
    }
    for (const std::string_view part : parts) {
        if (part.empty()) {
            return wrong_path(text, "has an empty segment");
        }
        if (part.find_first_of("{}") == std::string_view::npos) {
            if (part.find_first_of("?#%") != std::string_view::npos) {
                return wrong_path(text, "has one of the signs ? # %, which no path has");
            }
            out.segments.push_back({std::string(part), false});
            continue;
        }
        const bool is_whole = part.size() > 2 && part.front() == '{' && part.back() == '}';
        if (!is_whole || !is_name(part.substr(1, part.size() - 2))) {
            return wrong_path(
                text,
                "has the segment '" + std::string(part) +
                    "': a parameter is a whole segment, {name} of letters, digits and _"
            );
        }
        std::string name(part.substr(1, part.size() - 2));
        const bool is_known =
            std::ranges::any_of(out.segments, [&name](const RequestSegment& other) {
                return other.is_parameter && other.text == name;
            });
        if (is_known) {
            return wrong_path(text, "has the parameter '" + name + "' twice");
        }
        out.segments.push_back({std::move(name), true});
    }
    return out;
}

std::optional<PathParameters> match_path(
    const RequestPath& path, std::span<const std::string> segments
) {
    if (segments.size() != path.segments.size()) {
        return std::nullopt;
    }
    PathParameters out;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const RequestSegment& wanted = path.segments[i];
        if (wanted.is_parameter ? segments[i].empty() : segments[i] != wanted.text) {
            return std::nullopt;
        }
        if (wanted.is_parameter) {
            out[wanted.text] = segments[i];
        }
    }
    return out;
}

}  // namespace tideway::model
