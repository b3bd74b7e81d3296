// A small value that a flow says about its run, so that history can be searched by it.
#pragma once

#include <compare>
#include <string>

namespace tideway::model {

struct TrackedValue {
    std::string name;   // letters, digits and '_'
    std::string value;  // text as it is; numbers as JSON has them; true or false

    friend auto operator<=>(const TrackedValue&, const TrackedValue&) = default;
};

}  // namespace tideway::model
