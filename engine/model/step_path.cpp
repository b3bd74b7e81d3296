#include "engine/model/step_path.h"

#include <charconv>

namespace tideway::model {
namespace {

constexpr std::string_view kEscaped = "/%[]#";

void append_name(std::string& out, std::string_view name) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (const char c : name) {
        if (kEscaped.find(c) == std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// Reads the number after `mark` up to `end` and cuts it off `text`.
int take_number(std::string_view& text, char mark, std::string_view end) {
    const auto at = text.rfind(mark);
    if (at == std::string_view::npos || !text.ends_with(end)) {
        return 0;
    }
    const auto digits = text.substr(at + 1, text.size() - at - 1 - end.size());
    int value = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || rest != digits.data() + digits.size() || value < 1) {
        return 0;
    }
    text = text.substr(0, at);
    return value;
}

}  // namespace

std::string print_segment(const PathSegment& segment) {
    std::string out;
    append_name(out, segment.name);
    if (segment.occurrence > 1) {
        out += '#' + std::to_string(segment.occurrence);
    }
    if (segment.iteration > 0) {
        out += '[' + std::to_string(segment.iteration) + ']';
    }
    return out;
}

std::string print_path(const std::vector<PathSegment>& segments) {
    std::string out;
    for (const PathSegment& segment : segments) {
        if (!out.empty()) {
            out += '/';
        }
        out += print_segment(segment);
    }
    return out;
}

std::vector<PathSegment> parse_path(std::string_view path) {
    std::vector<PathSegment> out;
    while (!path.empty()) {
        const auto slash = path.find('/');
        std::string_view text = path.substr(0, slash);
        PathSegment segment;
        segment.iteration = take_number(text, '[', "]");
        const int occurrence = take_number(text, '#', "");
        segment.occurrence = occurrence > 1 ? occurrence : 1;
        segment.name = unescape(text);
        out.push_back(std::move(segment));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return out;
}

std::string describe_path(std::string_view path) {
    std::string out;
    for (const PathSegment& segment : parse_path(path)) {
        if (!out.empty()) {
            out += " > ";
        }
        out += segment.name;
        if (segment.occurrence > 1) {
            out += " (" + std::to_string(segment.occurrence) + ")";
        }
        if (segment.iteration > 0) {
            out += " [" + std::to_string(segment.iteration) + "]";
        }
    }
    return out;
}

std::string_view parent_path(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace tideway::model
