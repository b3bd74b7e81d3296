// Making an environment: folder, key, store, first token.
#pragma once

#include <string>

#include "engine/app/config.h"

namespace tideway::app {

struct EnvironmentPlan {
    Config config;
};

// Returns the token of 'admin', which is also in admin.token. Fails with "EnvironmentExists".
Result<std::string> create_environment(const EnvironmentPlan& plan);

}  // namespace tideway::app
