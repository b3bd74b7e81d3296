// Where the commands about installed packs act: through the environment's server when it runs, else
// on its data folder.
#pragma once

#include <string>

#include "engine/app/command_line.h"

namespace tideway::app {

// `act` is one of runtime::pack_acts().
Result<Json> perform_on_packs(const Globals& globals, const std::string& act, const Json& body);

}  // namespace tideway::app
