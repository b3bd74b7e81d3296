// The options that come before every command: which environment is meant, and who asks.
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

// Fills `globals` before a command runs. A command line that names two environments ends there.
void add_global_options(CLI::App& app, Globals& globals);

}  // namespace tideway::app
