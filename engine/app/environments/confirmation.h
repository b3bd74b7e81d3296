// A person says which environment is meant, before something is destroyed in production.
#pragma once

#include <string>

#include "engine/app/command_line.h"
#include "engine/server/production/production.h"

namespace tideway::app {

// Whether somebody sits at a terminal who can answer a question.
bool can_ask(const Globals& globals);

// What somebody at a terminal answers to the refusal. Where nobody can be asked, the refusal.
Result<std::string> ask_for_name(const Globals& globals, const Error& refusal);

// Before a command destroys something in a data folder itself, without a server that would refuse.
Status confirm(const Globals& globals, const Config& config, const std::string& about);

}  // namespace tideway::app
