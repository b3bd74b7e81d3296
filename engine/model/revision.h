// What a pack was at a time: all of its files under a number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"

namespace tideway::model {

enum class RevisionKind {
    kPublished,  // it became what runs; the last of these is what is live
    kKept,       // a draft that was replaced before it was published
    kTried,      // a draft that a run was made with
};
std::string_view to_string(RevisionKind kind);  // "Published", "Kept", "Tried"
std::optional<RevisionKind> parse_revision_kind(std::string_view text);

// Path in the pack -> text.
using PackFiles = std::map<std::string, std::string>;

struct PackRevision {
    std::int64_t id = 0;
    std::string pack;
    int number = 0;  // 1, 2, 3 ... in its pack; given by the store
    RevisionKind kind = RevisionKind::kPublished;
    std::string hash;  // files_hash() of its files
    std::string pack_version;
    std::string person;  // empty: the program itself
    std::string note;
    Timestamp at;
};

// sha256 over names and texts, hex.
std::string files_hash(const PackFiles& files);

}  // namespace tideway::model
