// test PACK --record RUN: a case out of a run of the server.
#pragma once

#include <string>

#include "engine/app/command_line.h"

namespace tideway::app {

struct RecordOptions {
    std::string folder;  // of the pack
    std::string run;
    std::string name;  // of the case; empty: after flow and run
    bool with_retries = false;
};

// The values of a pack's variables, by name, as they are set now; secrets are not among them.
Result<Json> known_variables(ApiClient& client, const std::string& pack);

// Writes the case and says so on standard error; the name of the case. Codes "CaseExists" and
// "RunNotRecordable".
Result<std::string> record_case_of_run(const Globals& globals, const RecordOptions& options);

}  // namespace tideway::app
