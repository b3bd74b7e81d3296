// The sub-commands of `pack`.
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

// For people who write packs; need no environment: new, check, test, build, sign, verify.
void add_pack_author_commands(CLI::App& pack, Globals& globals, const Exit& exit);

// Of an environment: list, install, rollback, customise, copy, export, uninstall.
void add_pack_install_commands(CLI::App& pack, Globals& globals, const Exit& exit);

void add_pack_upgrade_command(CLI::App& pack, Globals& globals, const Exit& exit);

void add_pack_trust_commands(CLI::App& pack, Globals& globals, const Exit& exit);

// {"file": base64} of a file, else {"built_in": name}.
Result<Json> pack_offer(const std::string& what);

}  // namespace tideway::app
