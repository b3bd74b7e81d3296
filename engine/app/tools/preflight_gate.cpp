#include "engine/app/tools/preflight_gate.h"

#include <chrono>
#include <iostream>
#include <utility>

#include "engine/base/limits.h"

namespace tideway::app {

namespace {

// What the act itself takes, beside the preflight.
constexpr std::chrono::seconds kActMax{60};

}  // namespace

Result<Json> post_gated(
    ApiClient& client, const std::string& path, Json body, runtime::Preflight preflight
) {
    body["preflight"] = to_string(preflight);
    if (preflight == runtime::Preflight::kRun) {
        client.set_timeout(std::chrono::seconds(limits::kResponseWaitSeconds) + kActMax);
        client.when_slow([] {
            std::cerr << "The server is at it: a pack's preflight looks into its services ...\n";
        });
    }
    return client.post(path, body);
}

}  // namespace tideway::app
