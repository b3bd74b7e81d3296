#include "engine/app/packs/pack_services.h"

#include "connectors/all_connectors.h"
#include "engine/base/embedded.h"
#include "engine/pack/manifest.h"

namespace tideway::embedded {

std::span<const File> tideway_packs();  // flows/, embedded by the build

}  // namespace tideway::embedded

namespace tideway::app {

namespace {

// Folder -> files: packs, and libraries that packs share.
std::map<std::string, pack::Files> embedded_folders() {
    std::map<std::string, pack::Files> out;
    for (const embedded::File& file : embedded::tideway_packs()) {
        const auto slash = file.name.find('/');
        out[std::string(file.name.substr(0, slash))].emplace(
            file.name.substr(slash + 1), file.bytes
        );
    }
    return out;
}

}  // namespace

std::vector<runtime::ConnectorText> connector_texts() {
    std::vector<runtime::ConnectorText> out;
    for (const embedded::File& file : embedded::connector_specs()) {
        const std::string name(file.name);
        out.push_back({name.substr(0, name.find('/')), std::string(file.bytes)});
    }
    return out;
}

Result<std::map<std::string, pack::Files>> built_in_packs() {
    const auto folders = embedded_folders();
    std::map<std::string, pack::Files> out;
    for (const auto& [name, files] : folders) {
        if (!files.contains("pack.json")) {
            continue;
        }
        pack::Files whole = files;
        TIDEWAY_TRY_ASSIGN(const auto libraries, pack::missing_libraries(whole));
        for (const std::string& library : libraries) {
            if (const auto found = folders.find(library); found != folders.end()) {
                pack::add_library(library, found->second, whole);
            }
        }
        out.emplace(name, std::move(whole));
    }
    return out;
}

Result<runtime::InstallerServices> installer_services(
    const Config& config, store::Store& store, const Clock& clock
) {
    runtime::InstallerServices out;
    out.folder = config.data_folder + "/packs";
    out.connectors = connector_texts();
    TIDEWAY_TRY_ASSIGN(out.built_in, built_in_packs());
    out.engine_version = TIDEWAY_VERSION;
    out.store = &store;
    out.clock = &clock;
    return out;
}

}  // namespace tideway::app
