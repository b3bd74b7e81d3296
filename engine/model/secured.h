// Which values of a step, an event or a run are kept from the readers of history (Power Automate's
// secure inputs and outputs). The store has them all the same: replay and resubmit need them.
// Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tideway::model {

enum class Secured : std::uint8_t { kNothing = 0, kInputs = 1, kOutputs = 2, kBoth = 3 };

constexpr Secured operator|(Secured a, Secured b) {
    return static_cast<Secured>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

constexpr bool secures_inputs(Secured secured) {
    return secured == Secured::kInputs || secured == Secured::kBoth;
}

constexpr bool secures_outputs(Secured secured) {
    return secured == Secured::kOutputs || secured == Secured::kBoth;
}

// "inputs" or "outputs", as `secure` in a flow says it.
std::optional<Secured> parse_secured(std::string_view word);

}  // namespace tideway::model
