// runs list|groups|cancel: what works on many runs.
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

// Adds them to `runs`; `exit` is told the exit code.
void add_run_search_commands(CLI::App& runs, Globals& globals, const Exit& exit);

}  // namespace tideway::app
