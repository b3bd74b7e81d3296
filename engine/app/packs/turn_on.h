// The flows of packs that were just installed are turned on, children before parents.
#pragma once

#include "engine/app/command_line.h"
#include "engine/runtime/tools/preflights.h"

namespace tideway::app {

// Fails when no server answers: only a server turns flows on.
Status check_server(const Globals& globals);

// Somebody at a terminal, with a server that answers, is asked whether to turn the flows on.
bool somebody_says_yes(const Globals& globals);

// `installed` is what the installation answered. What is missing is named all at once, and nothing
// is turned on then.
Status turn_on_installed(const Globals& globals, Json installed, runtime::Preflight preflight);

}  // namespace tideway::app
