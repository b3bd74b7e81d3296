#include "engine/model/revision.h"

#include <array>
#include <utility>

#include "engine/base/digest.h"

namespace tideway::model {
namespace {

constexpr std::array<std::pair<RevisionKind, std::string_view>, 3> kNames{{
    {RevisionKind::kPublished, "Published"},
    {RevisionKind::kKept, "Kept"},
    {RevisionKind::kTried, "Tried"},
}};

}  // namespace

std::string_view to_string(RevisionKind kind) {
    for (const auto& [candidate, name] : kNames) {
        if (candidate == kind) {
            return name;
        }
    }
    return kNames.front().second;
}

std::optional<RevisionKind> parse_revision_kind(std::string_view text) {
    for (const auto& [kind, name] : kNames) {
        if (name == text) {
            return kind;
        }
    }
    return std::nullopt;
}

std::string files_hash(const PackFiles& files) {
    std::string text;
    // Length before each part: no two different packs give the same text.
    for (const auto& [name, bytes] : files) {
        for (const std::string_view part : {std::string_view(name), std::string_view(bytes)}) {
            text += std::to_string(part.size());
            text += ':';
            text += part;
        }
    }
    return to_hex(sha256(text));
}

}  // namespace tideway::model
