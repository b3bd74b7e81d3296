// In which line of a JSON text a value stands.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace tideway::runtime {

// The line (from 1) of the value at `pointer`, or of the nearest value around it. `text` is JSON
// that parses.
int line_of(std::string_view text, const Json::json_pointer& pointer);

}  // namespace tideway::runtime
