#include "engine/app/environments/environment_view.h"

#include <map>
#include <set>

#include "engine/app/packs/pack_place.h"

namespace tideway::app {

namespace {

// Somebody waits for a list of several.
constexpr Duration kPatience = std::chrono::seconds(5);

// The first is the cause of the others.
void add_reason(const Error& error, Json& out) {
    if (!out.contains("reason")) {
        out["reason"] = error.message;
    }
}

// Its files: what it is called, of which kind it is.
void add_files(const Globals& globals, Json& out) {
    if (globals.data_folder.empty()) {
        return;
    }
    out["data"] = globals.data_folder;
    const auto config = read_config(globals.data_folder);
    if (!config) {
        add_reason(config.error(), out);
        return;
    }
    out["environment"] = config->environment;
    out["kind"] = server::to_string(config->kind);
}

// Its server, if it answers.
void add_server(ApiClient& client, Json& out) {
    out["server"] = client.address().url;
    client.set_timeout(kPatience);
    const auto info = client.get("/info");
    if (!info) {
        add_reason(info.error(), out);
        return;
    }
    out["state"] = "answers";
    for (const char* key : {"environment", "version", "public_url"}) {
        out[key] = string_or(*info, key);
    }
    out["kind"] = string_or(*info, "environment_kind", "standard");
}

Json count_by_state(const Json& flows) {
    std::map<std::string, int> counts{{"On", 0}, {"Off", 0}, {"Suspended", 0}};
    for (const Json& flow : flows) {
        ++counts[string_or(flow, "state")];
    }
    return counts;
}

// Packs that are folders of config.json are nobody's installation: they are known by their flows.
void add_folder_packs(const Json& flows, Json& packs) {
    std::set<std::string> known;
    for (const Json& pack : packs) {
        known.insert(string_or(pack, "name"));
    }
    for (const Json& flow : flows) {
        if (known.insert(string_or(flow, "pack")).second) {
            packs.push_back({{"name", string_or(flow, "pack")}, {"source", "folder"}});
        }
    }
}

Status add_packs(const Globals& globals, Json& out) {
    TIDEWAY_TRY_ASSIGN(const Json packs, perform_on_packs(globals, "list", Json::object()));
    out["packs"] = packs["value"];
    return {};
}

Status add_bindings(const Globals& globals, Json& out) {
    TIDEWAY_TRY_ASSIGN(const auto client, globals.client());
    TIDEWAY_TRY_ASSIGN(const Json flows, client->get("/flows"));
    TIDEWAY_TRY_ASSIGN(const Json references, client->get("/references"));
    TIDEWAY_TRY_ASSIGN(const Json variables, client->get("/variables"));
    add_folder_packs(flows["value"], out["packs"]);
    out["flows"] = count_by_state(flows["value"]);
    out["references"] = references["value"];
    out["variables"] = variables["value"];
    return {};
}

}  // namespace

Json look_at(const Globals& globals) {
    Json out = {{"name", globals.environment}, {"state", "stopped"}};
    add_files(globals, out);
    auto client = globals.client();
    if (client) {
        add_server(**client, out);
    } else {
        add_reason(client.error(), out);
    }
    return out;
}

Json look_into(const Globals& globals) {
    Json out = look_at(globals);
    Status added = add_packs(globals, out);
    if (added && out["state"] == "answers") {
        added = add_bindings(globals, out);
    }
    if (!added) {
        add_reason(added.error(), out);
    }
    return out;
}

}  // namespace tideway::app
