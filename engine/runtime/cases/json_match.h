// Comparing what was expected with what is. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace tideway::runtime {

struct Mismatch {
    std::string where;  // "/row/name"; empty: the whole value
    std::string expected;
    std::string actual;
};

// Objects have to contain the expected keys; lists have to be as long; everything else has to be
// equal, numbers by value.
std::vector<Mismatch> mismatches(const Json& expected, const Json& actual);

bool contains(const Json& actual, const Json& expected);

// Enough of a value to recognise it on one line.
std::string shown_value(const Json& value);

}  // namespace tideway::runtime
