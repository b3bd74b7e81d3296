// timeline: what was done about one record, attempt after attempt.
#pragma once

#include "engine/app/command_line.h"

namespace tideway::app {

void add_timeline_command(CLI::App& app, Globals& globals, const Exit& exit);

}  // namespace tideway::app
