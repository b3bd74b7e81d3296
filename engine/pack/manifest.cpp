#include "engine/pack/manifest.h"

#include <algorithm>
#include <utility>

#include "engine/base/digest.h"

namespace tideway::pack {

namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::string_view kFile = "pack.json";
// What of pack.json stands in the manifest as it is, so that a store of packs need not unpack.
constexpr const char* kCopied[] = {"connections", "variables", "order", "requires", "libraries"};

tl::unexpected<Error> bad_manifest(const std::string& why) {
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPackFile",
        "The manifest of the pack " + why + ".",
        "Ask for a file that tideway pack build has made."
    );
}

tl::unexpected<Error> bad_pack(const std::string& why, const std::string& remedy) {
    return fail(ErrorKind::kInvalidInput, "InvalidPack", "pack.json: " + why + ".", remedy);
}

Result<VersionRange> read_range(const Json& value, const std::string& what) {
    if (!value.is_string()) {
        return bad_pack(what + " is no text", "Write versions such as \">=1.2.0 <2.0.0\".");
    }
    return VersionRange::parse(value.get<std::string>(), "what the pack requires of " + what);
}

Result<Requirements> read_requirements(const Json& pack) {
    Requirements out;
    const Json* requirements = find(pack, "requires");
    if (requirements == nullptr) {
        return out;
    }
    if (const Json* engine = find(*requirements, "engine")) {
        TIDEWAY_TRY_ASSIGN(out.engine, read_range(*engine, "the engine"));
    }
    const Json* packs = find(*requirements, "packs");
    if (packs == nullptr) {
        return out;
    }
    if (!packs->is_object()) {
        return bad_pack("requires.packs is no object", "Write {\"name\": \">=1.0.0\"}.");
    }
    for (const auto& [name, range] : packs->items()) {
        TIDEWAY_TRY(check_pack_name(name));
        TIDEWAY_TRY_ASSIGN(out.packs[name], read_range(range, "the pack '" + name + "'"));
    }
    return out;
}

// Name, version and what else is the same in pack.json and manifest.
Result<Manifest> read_identity(const Json& json) {
    Manifest out;
    TIDEWAY_TRY_ASSIGN(out.name, require_string(json, "name", kFile));
    TIDEWAY_TRY(check_pack_name(out.name));
    TIDEWAY_TRY_ASSIGN(const std::string version, require_string(json, "version", kFile));
    TIDEWAY_TRY_ASSIGN(out.version, parse_version(version, "the version of '" + out.name + "'"));
    out.title = string_or(json, "title", out.name);
    out.publisher = string_or(json, "publisher");
    TIDEWAY_TRY_ASSIGN(out.requires_, read_requirements(json));
    return out;
}

Result<Json> pack_json(const Files& files) {
    const auto file = files.find(std::string(kFile));
    if (file == files.end()) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidPack",
            "The pack has no pack.json.",
            "tideway pack new writes one."
        );
    }
    TIDEWAY_TRY_ASSIGN(Json json, parse_json(file->second, kFile));
    if (!json.is_object()) {
        return bad_pack("it is no JSON object", "tideway pack new writes one.");
    }
    return json;
}

bool is_sha256(const std::string& text) {
    return text.size() == 64 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Result<Entry> read_entry(const Json& json) {
    Entry out;
    out.path = string_or(json, "path");
    out.sha256 = string_or(json, "sha256");
    const std::int64_t bytes = int_or(json, "bytes", -1);
    TIDEWAY_TRY(check_entry_name(out.path));
    if (bytes < 0 || !is_sha256(out.sha256)) {
        return bad_manifest("does not say size and hash of '" + out.path + "'");
    }
    out.bytes = static_cast<std::size_t>(bytes);
    return out;
}

}  // namespace

Status check_pack_name(std::string_view name) {
    const bool is_plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (is_plain && !name.empty() && name.size() <= 64 && name.front() >= 'a') {
        return {};
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidPack",
        "'" + std::string(name.substr(0, 64)) + "' is no name of a pack.",
        "Use small letters, digits and '_', a letter first, at most 64."
    );
}

Result<std::vector<std::string>> missing_libraries(const Files& files) {
    TIDEWAY_TRY_ASSIGN(const Json json, pack_json(files));
    std::vector<std::string> out;
    const Json* libraries = find(json, "libraries");
    for (const Json& item : libraries == nullptr ? Json::array() : *libraries) {
        const std::string name = item.is_string() ? item.get<std::string>() : std::string();
        TIDEWAY_TRY(check_pack_name(name));
        const auto first = files.lower_bound(name + "/");
        if (first == files.end() || !first->first.starts_with(name + "/")) {
            out.push_back(name);
        }
    }
    return out;
}

void add_library(const std::string& name, Files library, Files& files) {
    for (auto& [path, text] : library) {
        files.emplace(name + "/" + path, std::move(text));
    }
}

Result<Manifest> describe(const Files& files, Editing editing) {
    TIDEWAY_TRY(check_files(files));
    TIDEWAY_TRY_ASSIGN(const Json json, pack_json(files));
    TIDEWAY_TRY_ASSIGN(Manifest out, read_identity(json));
    if (out.publisher.empty()) {
        return bad_pack("it names no publisher", "Add \"publisher\": \"Contoso\".");
    }
    out.editing = editing;
    for (const auto& [path, text] : files) {
        out.entries.push_back({path, to_hex(sha256(text)), text.size()});
    }
    return out;
}

Result<std::string> manifest_text(const Files& files, Editing editing) {
    TIDEWAY_TRY_ASSIGN(const Manifest manifest, describe(files, editing));
    TIDEWAY_TRY_ASSIGN(const Json source, pack_json(files));
    Json out = {
        {"format", kFormat},
        {"name", manifest.name},
        {"title", manifest.title},
        {"version", to_string(manifest.version)},
        {"publisher", manifest.publisher},
        {"managed", editing == Editing::kManaged},
        {"files", Json::array()}};
    for (const char* key : kCopied) {
        if (const Json* value = find(source, key)) {
            out[key] = *value;
        }
    }
    for (const Entry& entry : manifest.entries) {
        out["files"].push_back(
            {{"path", entry.path},
             {"kind", entry_kind(entry.path)},
             {"bytes", entry.bytes},
             {"sha256", entry.sha256}}
        );
    }
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(text, "The pack's manifest"));
    if (int_or(json, "format", 0) != kFormat) {
        return bad_manifest("is of a format that this program does not know");
    }
    TIDEWAY_TRY_ASSIGN(Manifest out, read_identity(json));
    out.editing = bool_or(json, "managed", false) ? Editing::kManaged : Editing::kAllowed;
    const Json* files = find(json, "files");
    if (files == nullptr || !files->is_array()) {
        return bad_manifest("lists no files");
    }
    for (const Json& file : *files) {
        TIDEWAY_TRY_ASSIGN(Entry entry, read_entry(file));
        if (!out.entries.empty() && out.entries.back().path >= entry.path) {
            return bad_manifest("lists its files out of order or twice");
        }
        out.entries.push_back(std::move(entry));
    }
    return out;
}

}  // namespace tideway::pack
