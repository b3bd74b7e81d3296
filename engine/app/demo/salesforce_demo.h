// The main job with Salesforce, shown.
#pragma once

#include "engine/app/demo_world.h"

namespace tideway::app::demo {

inline constexpr const char* kSalesforcePack = "co_sell_salesforce";

// In a fresh world with that pack. Prints a line for each thing that was checked.
Status play_salesforce(DemoWorld& world);

}  // namespace tideway::app::demo
