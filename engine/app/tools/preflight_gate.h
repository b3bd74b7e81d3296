// The server asks a pack's preflight before its flows are turned on or made live.
#pragma once

#include <string>

#include "engine/app/api_client.h"
#include "engine/runtime/tools/preflights.h"

namespace tideway::app {

inline constexpr const char* kNoPreflight = "--no-preflight";
inline constexpr const char* kNoPreflightHelp = "Do not run the pack's preflight before";

// Of the flag.
inline runtime::Preflight preflight_choice(bool is_left_out) {
    return is_left_out ? runtime::Preflight::kSkip : runtime::Preflight::kRun;
}

// A request that the server answers after the preflight: whoever waits is told why.
Result<Json> post_gated(
    ApiClient& client, const std::string& path, Json body, runtime::Preflight preflight
);

}  // namespace tideway::app
