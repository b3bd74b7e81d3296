// The sub-commands of `flows` that have a file of their own, and what they share.
#pragma once

#include <string>

#include "engine/app/command_line.h"

namespace tideway::app {

void add_flow_run_command(CLI::App& flows, Globals& globals, const Exit& exit);  // run

void add_flow_address_commands(CLI::App& flows, Globals& globals, const Exit& exit);  // url ...

// drafts, diff, history, publish, restore, reload
void add_draft_commands(CLI::App& flows, Globals& globals, const Exit& exit);

void add_try_command(CLI::App& flows, Globals& globals, const Exit& exit);  // try

// One line of the checker, and its suggestion below.
void print_finding(std::ostream& out, const Json& finding);

// "flow" or "pack/flow" -> "pack/flow", asked of the server.
Result<std::string> full_flow_name(ApiClient& client, const std::string& name);

// What POST /flows-on answers; fails with "ActivationFailed" when one of them is not on.
Status print_turned_on(const Json& answer);

// What trigger.manual asks for, as a table; nothing when the flow does not say.
void print_inputs(std::ostream& out, const Json& inputs);

}  // namespace tideway::app
