#include "engine/pack/record.h"

namespace tideway::pack {

namespace {

Json requirements_json(const Requirements& requirements) {
    Json packs = Json::object();
    for (const auto& [name, range] : requirements.packs) {
        packs[name] = range.text();
    }
    return {{"engine", requirements.engine.text()}, {"packs", std::move(packs)}};
}

Status read_requirements(const Json& json, Requirements& out) {
    TIDEWAY_TRY_ASSIGN(out.engine, VersionRange::parse(string_or(json, "engine"), "a record"));
    const Json* packs = find(json, "packs");
    if (packs == nullptr) {
        return {};
    }
    for (const auto& [name, range] : packs->items()) {
        const std::string text = range.is_string() ? range.get<std::string>() : std::string();
        TIDEWAY_TRY_ASSIGN(out.packs[name], VersionRange::parse(text, "a record"));
    }
    return {};
}

}  // namespace

Json describe(const Installed& pack) {
    return {
        {"name", pack.name},
        {"title", pack.title},
        {"publisher", pack.publisher},
        {"version", to_string(pack.version)},
        {"requires", requirements_json(pack.requires_)},
        {"managed", pack.editing == Editing::kManaged},
        {"customised", pack.is_customised},
        {"previous", pack.previous},
        {"signer", pack.origin.signer},
        {"source", pack.origin.source},
        {"person", pack.origin.person},
        {"installed", pack.origin.at}};
}

std::string record_text(const Installed& pack) {
    return describe(pack).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Installed> parse_record(std::string_view text) {
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(text, "record.json of an installed pack"));
    Installed out;
    out.name = string_or(json, "name");
    out.title = string_or(json, "title");
    out.publisher = string_or(json, "publisher");
    TIDEWAY_TRY_ASSIGN(
        out.version, parse_version(string_or(json, "version"), "the version of '" + out.name + "'")
    );
    if (const Json* requirements = find(json, "requires")) {
        TIDEWAY_TRY(read_requirements(*requirements, out.requires_));
    }
    out.editing = bool_or(json, "managed", false) ? Editing::kManaged : Editing::kAllowed;
    out.is_customised = bool_or(json, "customised", false);
    out.previous = static_cast<int>(int_or(json, "previous", 0));
    out.origin.signer = string_or(json, "signer");
    out.origin.source = string_or(json, "source");
    out.origin.person = string_or(json, "person");
    out.origin.at = string_or(json, "installed");
    return out;
}

}  // namespace tideway::pack
