#include "engine/model/secured.h"

namespace tideway::model {

std::optional<Secured> parse_secured(std::string_view word) {
    if (word == "inputs") {
        return Secured::kInputs;
    }
    if (word == "outputs") {
        return Secured::kOutputs;
    }
    return std::nullopt;
}

}  // namespace tideway::model
