// Where in a JSON text a value stands.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace tideway {

enum class JsonPart {
    kValue,
    kName,  // of a member of an object: its key
};

// Of the value at `pointer`, or of the nearest value around it. `text` is JSON that parses.
TextPlace place_in_json(
    std::string_view text, const Json::json_pointer& pointer, JsonPart part = JsonPart::kValue
);

}  // namespace tideway
