#include "engine/http/media_type.h"

#include <algorithm>

namespace tideway::http {
namespace {

std::string lower_case_of(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const std::size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// Takes a quoted text from the begin of `text`; without an end quote it is all of it.
std::string take_quoted(std::string_view& text) {
    std::string out;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) {
            ++at;
        }
        out += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return out;
}

std::string take_value(std::string_view& text) {
    if (text.starts_with('"')) {
        return take_quoted(text);
    }
    const std::size_t end = std::min(text.find(';'), text.size());
    std::string out(trimmed(text.substr(0, end)));
    text.remove_prefix(end);
    return out;
}

// "multipart/form-data" has the ending "form-data".
std::string_view ending_of(std::string_view name) {
    const std::size_t slash = name.find('/');
    return slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
}

}  // namespace

std::string MediaType::parameter(std::string_view key) const {
    const auto found = parameters.find(key);
    return found == parameters.end() ? std::string() : found->second;
}

bool MediaType::is_json() const {
    return ending_of(name).ends_with("json");
}

bool MediaType::is_text() const {
    const std::string_view ending = ending_of(name);
    return name.starts_with("text/") || ending == "xml" || ending.ends_with("+xml");
}

MediaType parse_media_type(std::string_view header) {
    MediaType out;
    std::size_t end = std::min(header.find(';'), header.size());
    out.name = lower_case_of(trimmed(header.substr(0, end)));
    header.remove_prefix(end);
    while (!header.empty()) {
        header.remove_prefix(1);  // the semicolon, or what follows a quoted value
        end = header.find_first_of("=;");
        if (end == std::string_view::npos) {
            return out;
        }
        const std::string key = lower_case_of(trimmed(header.substr(0, end)));
        const bool has_value = header[end] == '=';
        header.remove_prefix(has_value ? end + 1 : end);
        if (!has_value) {
            continue;
        }
        while (header.starts_with(' ') || header.starts_with('\t')) {
            header.remove_prefix(1);
        }
        std::string value = take_value(header);
        header.remove_prefix(std::min(header.find(';'), header.size()));
        if (!key.empty()) {
            out.parameters.try_emplace(key, std::move(value));
        }
    }
    return out;
}

}  // namespace tideway::http
