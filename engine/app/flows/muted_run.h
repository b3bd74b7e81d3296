// A run that was just started, until it ends, and what it would have changed outside.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "engine/app/api_client.h"
#include "engine/base/json.h"

namespace tideway::app {

// A step that calls an operation.
struct CalledStep {
    std::string path;
    std::string name;
    std::string operation;
    Json input;
    Json changes;  // of a muted step, where what is there was read: [{"field","before","after"}]
    bool is_muted = false;
};

// Waits for the end of a run; with the contents of its steps. Code "RunNotEnded".
Result<Json> ended_run(ApiClient& client, const std::string& run, int timeout_s);

// Of a run as the API shows it, in order.
std::vector<CalledStep> called_steps(const Json& run);
std::vector<CalledStep> muted_steps(const Json& run);

// The effects that a muted run would have had, those of the flows that it called after its own:
// [{"step","operation","input","changes","run"}].
Result<Json> muted_effects(ApiClient& client, const Json& run);

// Step, operation and input of each.
void print_effects(std::ostream& out, const Json& effects);

}  // namespace tideway::app
