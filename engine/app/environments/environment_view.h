// What can be seen of an environment from outside: its files, and its server if that answers.
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

// {"name", "state": "answers" or "stopped"}, and as far as they are known "environment", "kind",
// "data", "server", "version", "public_url" and the "reason" why something is not.
Json look_at(const Globals& globals);

// The same with "packs", and of one that answers "flows" by state, "references" and "variables".
Json look_into(const Globals& globals);

}  // namespace tideway::app
