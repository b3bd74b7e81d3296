// flows try --sandbox: a draft runs against the sandboxes, in an environment that is thrown away.
#pragma once

#include <string>

#include "engine/app/command_line.h"

namespace tideway::app {

struct SandboxTrial {
    std::string flow;  // "pack/flow" of the server, or "<folder of a pack>/flow"
    std::string input;
    std::string event_of;    // a run of the server; or empty
    std::string setup_file;  // what is done to the sandboxes before; or empty
    int timeout_s = 120;
    bool contents = false;  // inputs and outputs of the steps are printed
};

// No connection of the server's environment is used: each reference is connected to the sandbox of
// its connector. Code "SandboxMissing" where the flow uses one that has none.
Status try_in_sandboxes(const Globals& globals, const SandboxTrial& trial);

}  // namespace tideway::app
