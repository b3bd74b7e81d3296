#include "engine/runtime/pack.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/limits.h"
#include "engine/pack/folder.h"
#include "engine/pack/manifest.h"
#include "engine/runtime/variables/variable_value.h"

namespace tideway::runtime {
namespace {

namespace fs = std::filesystem;

// What editors and version control keep beside the pack: ".luarc.json", ".git/...".
bool is_hidden(std::string_view name) {
    return name.starts_with('.') || name.find("/.") != std::string_view::npos;
}

bool belongs_to_version(std::string_view name) {
    return name.ends_with(".lua") || name.ends_with(".json");
}

bool is_flow_file(std::string_view name) {
    return name.ends_with(".lua") && name.find('/') == std::string_view::npos;
}

using Files = std::map<std::string, std::string>;

// Adds the files of a folder under `prefix` + their path in it.
Status read_folder(const fs::path& folder, const std::string& prefix, Files& files) {
    std::error_code error;
    fs::recursive_directory_iterator it(folder, error);
    if (error) {
        return fail(
            ErrorKind::kNotFound,
            "PackNotFound",
            "The pack folder " + folder.string() + " cannot be read: " + error.message() + "."
        );
    }
    for (const fs::directory_entry& entry : it) {
        const std::string name = fs::relative(entry.path(), folder).generic_string();
        const bool is_apart = is_hidden(name) || name.starts_with("cases/");
        if (entry.is_directory() || is_apart || !belongs_to_version(name)) {
            continue;
        }
        if (entry.is_symlink() || !entry.is_regular_file() || !is_pack_path(name)) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidPack",
                "The pack file '" + name + "' is not a plain file with a plain name.",
                "Use a-z, 0-9, '_', '-', '.' and '/'."
            );
        }
        if (entry.file_size() > limits::kPackFileBytesMax ||
            files.size() >= limits::kPackFilesMax) {
            return fail(
                ErrorKind::kLimit, "PackTooLarge", "The pack file '" + name + "' is too large."
            );
        }
        TIDEWAY_TRY_ASSIGN(files[prefix + name], pack::read_text(entry.path()));
    }
    return {};
}

Status read_references(const Json& manifest, Pack& pack) {
    const Json* references = find(manifest, "connections");
    if (references == nullptr) {
        return {};
    }
    for (const auto& [name, value] : references->items()) {
        PackReference reference;
        reference.name = name;
        TIDEWAY_TRY_ASSIGN(
            reference.connector, require_string(value, "connector", "pack.json connections." + name)
        );
        reference.title = string_or(value, "title", name);
        pack.references.push_back(std::move(reference));
    }
    return {};
}

Status check_declaration(const PackVariable& variable) {
    const std::string what = "The variable '" + variable.name + "' in pack.json";
    if (!is_variable_type(variable.type)) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidPack",
            what + " is of type '" + variable.type + "', which there is not.",
            "Use one of " + variable_types() + "."
        );
    }
    if (variable.fallback.is_null()) {
        return {};
    }
    if (variable.type == kSecretVariable) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidPack",
            what + " is a Secret with a default, which everybody who has the pack could read.",
            "Take the default away; each environment sets its own value."
        );
    }
    auto fits = check_variable(variable.name, variable.type, variable.fallback);
    if (!fits) {
        fits.error().code = "InvalidPack";
        fits.error().message = "pack.json: " + fits.error().message;
    }
    return fits;
}

Status read_variables(const Json& manifest, Pack& pack) {
    const Json* variables = find(manifest, "variables");
    if (variables == nullptr) {
        return {};
    }
    for (const auto& [name, value] : variables->items()) {
        PackVariable variable;
        variable.name = name;
        variable.title = string_or(value, "title", name);
        variable.type = string_or(value, "type", "String");
        variable.description = string_or(value, "description");
        const Json* fallback = find(value, "default");
        variable.fallback = fallback == nullptr ? Json() : *fallback;
        TIDEWAY_TRY(check_declaration(variable));
        pack.variables.push_back(std::move(variable));
    }
    return {};
}

// pack.json's "order" first, then what it does not name.
Status order_flows(const Json& manifest, Pack& pack) {
    std::vector<std::string> rest;
    for (const auto& [name, text] : pack.files) {
        if (is_flow_file(name)) {
            rest.push_back(name.substr(0, name.size() - 4));
        }
    }
    if (const Json* order = find(manifest, "order")) {
        for (const Json& item : *order) {
            const std::string flow = item.is_string() ? item.get<std::string>() : std::string();
            const auto it = std::ranges::find(rest, flow);
            if (it == rest.end()) {
                return fail(
                    ErrorKind::kInvalidInput,
                    "InvalidPack",
                    "pack.json orders the flow '" + flow + "', which has no file " + flow + ".lua."
                );
            }
            pack.flows.push_back(flow);
            rest.erase(it);
        }
    }
    pack.flows.insert(pack.flows.end(), rest.begin(), rest.end());
    return {};
}

Status read_tools(const Json& manifest, Pack& pack) {
    const Json* tools = find(manifest, "tools");
    if (tools == nullptr) {
        return {};
    }
    for (const auto& [tool, flow] : tools->items()) {
        if (!flow.is_string() || !pack.has_flow(flow.get_ref<const std::string&>())) {
            return fail(
                ErrorKind::kInvalidInput,
                "InvalidPack",
                "pack.json names " + dump(flow) + " as the tool '" + tool +
                    "', which is no flow of the pack.",
                "Write the name of one of its flows, without .lua."
            );
        }
        pack.tools.emplace(tool, flow.get<std::string>());
    }
    return {};
}

}  // namespace

bool is_pack_path(std::string_view name) {
    const bool plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
               c == '.' || c == '-';
    });
    return plain && !name.empty() && name.find("..") == std::string_view::npos &&
           name.front() != '/' && !is_hidden(name);
}

Status add_libraries(const std::string& folder, std::map<std::string, std::string>& files) {
    if (!files.contains("pack.json")) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const auto names, pack::missing_libraries(files));
    for (const std::string& name : names) {
        auto read = read_folder(fs::path(folder) / ".." / name, name + "/", files);
        if (!read && read.error().code == "PackNotFound") {
            return fail(
                ErrorKind::kNotFound,
                "LibraryNotFound",
                "The pack needs the library '" + name + "', which is neither in its folder " +
                    folder + " nor beside it.",
                "Copy the folder " + name + " there, or take the pack as it was built."
            );
        }
        TIDEWAY_TRY(std::move(read));
    }
    return {};
}

std::map<std::string, std::string> Pack::files_of(const std::string& flow) const {
    std::map<std::string, std::string> out;
    for (const auto& [file, text] : files) {
        if (!is_flow_file(file) || file == flow + ".lua") {
            out.emplace(file, text);
        }
    }
    return out;
}

std::map<std::string, std::string> Pack::flow_files() const {
    std::map<std::string, std::string> out;
    for (const auto& [file, text] : files) {
        if (is_flow_file(file)) {
            out.emplace(file, text);
        }
    }
    return out;
}

bool Pack::has_flow(std::string_view flow) const {
    return std::ranges::find(flows, flow) != flows.end();
}

Result<std::vector<PackReference>> references_of(const std::map<std::string, std::string>& files) {
    const auto manifest_file = files.find("pack.json");
    if (manifest_file == files.end()) {
        return fail(ErrorKind::kInvalidInput, "InvalidPack", "The pack has no pack.json.");
    }
    TIDEWAY_TRY_ASSIGN(const Json manifest, parse_json(manifest_file->second, "pack.json"));
    Pack pack;
    TIDEWAY_TRY(read_references(manifest, pack));
    return std::move(pack.references);
}

Result<Pack> parse_pack(std::map<std::string, std::string> files) {
    const auto manifest_file = files.find("pack.json");
    if (manifest_file == files.end()) {
        return fail(ErrorKind::kInvalidInput, "InvalidPack", "The pack has no pack.json.");
    }
    TIDEWAY_TRY_ASSIGN(const Json manifest, parse_json(manifest_file->second, "pack.json"));
    Pack pack;
    TIDEWAY_TRY_ASSIGN(pack.name, require_string(manifest, "name", "pack.json"));
    TIDEWAY_TRY_ASSIGN(pack.version, require_string(manifest, "version", "pack.json"));
    pack.title = string_or(manifest, "title", pack.name);
    pack.publisher = string_or(manifest, "publisher");
    pack.files = std::move(files);
    TIDEWAY_TRY(read_references(manifest, pack));
    TIDEWAY_TRY(read_variables(manifest, pack));
    pack.has_brake = bool_or(manifest, "brake", false);
    TIDEWAY_TRY(order_flows(manifest, pack));
    TIDEWAY_TRY(read_tools(manifest, pack));
    return pack;
}

Result<Pack> read_pack(const std::string& folder) {
    Files files;
    TIDEWAY_TRY(read_folder(folder, "", files));
    TIDEWAY_TRY(add_libraries(folder, files));
    return parse_pack(std::move(files));
}

}  // namespace tideway::runtime
