#include "engine/pack/entry_name.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"

namespace tideway::pack {

namespace {

constexpr std::array<std::string_view, 4> kEndings{".lua", ".json", ".md", ".txt"};

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_segment(std::string_view segment) {
    return !segment.empty() && segment.front() != '.' && std::ranges::all_of(segment, [](char c) {
        return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
    });
}

bool has_plain_segments(std::string_view name) {
    while (true) {
        const auto slash = name.find('/');
        if (!is_segment(name.substr(0, slash))) {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        name.remove_prefix(slash + 1);
    }
}

std::string in_lower_case(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return text;
}

tl::unexpected<Error> too_large(const std::string& what) {
    return fail(ErrorKind::kLimit, "PackTooLarge", what, "Take out what flows do not need.");
}

}  // namespace

bool is_entry_name(std::string_view name) {
    return name.size() <= limits::kEntryNameBytesMax && has_plain_segments(name) &&
           std::ranges::any_of(kEndings, [name](std::string_view ending) {
               return name.ends_with(ending);
           });
}

Status check_entry_name(std::string_view name) {
    if (is_entry_name(name)) {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPackFile",
        "'" + std::string(name.substr(0, limits::kEntryNameBytesMax)) +
            "' is no name for a file of a pack.",
        "Names have letters, digits, '_', '-' and '.', and end in .lua, .json, .md or .txt."
    );
}

Status check_files(const Files& files) {
    if (files.size() > limits::kPackFilesMax) {
        return too_large("The pack has " + std::to_string(files.size()) + " files.");
    }
    std::size_t total = 0;
    std::map<std::string, std::string> folded;
    for (const auto& [name, text] : files) {
        TIDEWAY_TRY(check_entry_name(name));
        total += text.size();
        if (text.size() > limits::kPackFileBytesMax || total > limits::kUnpackedBytesMax) {
            return too_large("The pack is too large at its file '" + name + "'.");
        }
        const auto [twin, is_new] = folded.emplace(in_lower_case(name), name);
        if (!is_new) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidPackFile",
                "'" + twin->second + "' and '" + name + "' are one name on some systems.",
                "Rename one of them."
            );
        }
    }
    return {};
}

std::string_view entry_kind(std::string_view name) {
    const bool is_json = name.ends_with(".json");
    const bool is_at_root = name.find('/') == std::string_view::npos;
    if (name == "pack.json") {
        return "manifest";
    }
    if (name.starts_with("cases/")) {
        return "case";
    }
    if (name.ends_with(".lua")) {
        return is_at_root ? "flow" : "library";
    }
    if (is_json && name.starts_with("schemas/")) {
        return "schema";
    }
    if (is_json && name.find("mapping") != std::string_view::npos) {
        return "mapping";
    }
    return is_json ? "data" : "document";
}

}  // namespace tideway::pack
