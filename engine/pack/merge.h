// Three-way merges: what the vendor changed between two versions, put into files that were changed
// here. Thread: any.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pack/entry_name.h"

namespace tideway::pack {

enum class Side { kLocal, kVendor };

// A place that both have changed, each in another way. What is absent on a side is nothing there.
struct Conflict {
    std::string file;
    std::string place;  // "line 12", "/fields/Name/row"; empty: the file as a whole
    std::optional<std::string> base;
    std::optional<std::string> local;
    std::optional<std::string> vendor;
};

// Whose change is taken at a place where they conflict; nothing: it is a conflict.
using Preference = std::function<std::optional<Side>(std::string_view place)>;

Preference no_preference();

struct TextMerge {
    std::string text;  // with both sides between markers where they conflict
    std::vector<Conflict> conflicts;
};

// By lines, as diff3 does it: changes that touch each other conflict unless they are the same.
TextMerge merge_text(
    std::string_view base,
    std::string_view local,
    std::string_view vendor,
    const Preference& preference
);

// By keys; lists of objects by what names their objects (under one key a text that no two have in
// common, and that is still there), other lists as a whole. The text keeps its form where lines can
// be merged too. What conflicts has the local value. Nothing: one of the three is no JSON.
std::optional<TextMerge> merge_json(
    std::string_view base,
    std::string_view local,
    std::string_view vendor,
    const Preference& preference
);

struct FileChange {
    enum class Kind { kKept, kVendor, kLocal, kMerged, kConflict };

    std::string file;
    Kind kind = Kind::kKept;
    std::string diff;  // from the local file to the merged one; empty: it stays
};

std::string_view to_string(FileChange::Kind kind);

struct PackMerge {
    Files files;
    std::vector<FileChange> changes;  // of files that are not the same in all three
    std::vector<Conflict> conflicts;
};

// What people have decided about conflicts.
struct Resolutions {
    std::map<std::string, Side> sides;  // file -> whose change is taken where both have one
    Files files;                        // file -> as it shall be
};

// Of the manifest, name, version and publisher are the vendor's.
PackMerge merge_packs(
    const Files& base, const Files& local, const Files& vendor, const Resolutions& resolutions
);

}  // namespace tideway::pack
