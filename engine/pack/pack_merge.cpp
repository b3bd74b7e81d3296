#include <set>
#include <utility>

#include "engine/pack/line_diff.h"
#include "engine/pack/merge.h"

namespace tideway::pack {

namespace {

using Text = std::optional<std::string>;

// One file in the three packs; nothing: the pack has none of that name.
struct ThreeTexts {
    Text base;
    Text local;
    Text vendor;
};

struct FileMerge {
    FileChange::Kind kind = FileChange::Kind::kKept;
    Text text;
    std::vector<Conflict> conflicts;
};

Text text_of(const Files& files, const std::string& name) {
    const auto it = files.find(name);
    return it == files.end() ? std::nullopt : Text(it->second);
}

Preference preference_for(const std::string& name, const Resolutions& resolutions) {
    const auto chosen = resolutions.sides.find(name);
    std::optional<Side> side;
    if (chosen != resolutions.sides.end()) {
        side = chosen->second;
    }
    const bool is_manifest = name == "pack.json";
    return [side, is_manifest](std::string_view place) {
        const bool is_identity = place == "/name" || place == "/version" || place == "/publisher";
        return is_manifest && is_identity ? std::optional(Side::kVendor) : side;
    };
}

FileMerge as_conflict(const ThreeTexts& at) {
    return {FileChange::Kind::kConflict, at.local, {{"", "", at.base, at.local, at.vendor}}};
}

FileMerge merge_changed(
    const std::string& name, const ThreeTexts& at, const Preference& preference
) {
    if (!at.base || !at.local || !at.vendor) {
        if (const auto side = preference("")) {
            return {FileChange::Kind::kMerged, *side == Side::kLocal ? at.local : at.vendor, {}};
        }
        return as_conflict(at);
    }
    std::optional<TextMerge> merged;
    if (name.ends_with(".json")) {
        merged = merge_json(*at.base, *at.local, *at.vendor, preference);
    }
    if (!merged) {
        merged = merge_text(*at.base, *at.local, *at.vendor, preference);
    }
    const auto kind =
        merged->conflicts.empty() ? FileChange::Kind::kMerged : FileChange::Kind::kConflict;
    return {kind, std::move(merged->text), std::move(merged->conflicts)};
}

FileMerge merge_file(
    const std::string& name, const ThreeTexts& at, const Resolutions& resolutions
) {
    if (at.local == at.vendor) {
        return {FileChange::Kind::kKept, at.local, {}};
    }
    if (at.local == at.base) {
        return {FileChange::Kind::kVendor, at.vendor, {}};
    }
    if (at.vendor == at.base) {
        return {FileChange::Kind::kLocal, at.local, {}};
    }
    if (auto decided = text_of(resolutions.files, name)) {
        return {FileChange::Kind::kMerged, std::move(decided), {}};
    }
    return merge_changed(name, at, preference_for(name, resolutions));
}

}  // namespace

std::string_view to_string(FileChange::Kind kind) {
    switch (kind) {
        case FileChange::Kind::kKept:
            return "kept";
        case FileChange::Kind::kVendor:
            return "vendor";
        case FileChange::Kind::kLocal:
            return "local";
        case FileChange::Kind::kMerged:
            return "merged";
        case FileChange::Kind::kConflict:
            return "conflict";
    }
    return "";
}

PackMerge merge_packs(
    const Files& base, const Files& local, const Files& vendor, const Resolutions& resolutions
) {
    std::set<std::string> names;
    for (const Files* files : {&base, &local, &vendor}) {
        for (const auto& [name, text] : *files) {
            names.insert(name);
        }
    }
    PackMerge out;
    for (const std::string& name : names) {
        const ThreeTexts at{text_of(base, name), text_of(local, name), text_of(vendor, name)};
        FileMerge merged = merge_file(name, at, resolutions);
        if (merged.kind != FileChange::Kind::kKept) {
            out.changes.push_back(
                {name,
                 merged.kind,
                 unified_diff(name, name, at.local.value_or(""), merged.text.value_or(""))}
            );
        }
        for (Conflict& conflict : merged.conflicts) {
            conflict.file = name;
            out.conflicts.push_back(std::move(conflict));
        }
        if (merged.text) {
            out.files.emplace(name, std::move(*merged.text));
        }
    }
    return out;
}

}  // namespace tideway::pack
