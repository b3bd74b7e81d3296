// What packs need of the program: connectors, the packs that are built in, the shelf of an
// environment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/app/config.h"
#include "engine/pack/entry_name.h"
#include "engine/runtime/installs/pack_installer.h"

namespace tideway::app {

// Every connector of this program, by its connector.json.
std::vector<runtime::ConnectorText> connector_texts();

// The packs that come with the program, by name, with the libraries that they share.
Result<std::map<std::string, pack::Files>> built_in_packs();

// Without what only a server has: who publishes.
Result<runtime::InstallerServices> installer_services(
    const Config& config, store::Store& store, const Clock& clock
);

}  // namespace tideway::app
