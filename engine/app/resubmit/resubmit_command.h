// runs resubmit
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

void add_resubmit_command(CLI::App& runs, Globals& globals, const Exit& exit);

// Prints how far it is until it ends, on standard error; then what came of it. Fails when it was
// stopped or new runs have failed.
Status follow_resubmission(const Globals& globals, ApiClient& client, std::int64_t id);

}  // namespace tideway::app
