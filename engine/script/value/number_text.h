// Numbers as text: shortest form that reads back the same. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tideway::script {

// "1.0", "0.1", "1e+22": always with a point or an exponent. `value` must be finite.
void append_float(std::string& out, double value);

// The double that `number` (JSON's grammar, not an integer of 64 bits) denotes exactly or as its
// shortest form; nothing when a double cannot hold it.
std::optional<double> to_float(std::string_view number);

}  // namespace tideway::script
