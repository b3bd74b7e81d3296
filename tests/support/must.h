// Values that a test cannot do without.
#pragma once

#include <stdexcept>
#include <utility>

#include "engine/base/result.h"

namespace tideway::tests {

// The value, or the end of the test with the error's text.
template <typename Value>
Value must(Result<Value> result) {
    if (!result) {
        throw std::runtime_error(result.error().code + ": " + result.error().text());
    }
    return std::move(*result);
}

inline void must(const Status& status) {
    if (!status) {
        throw std::runtime_error(status.error().code + ": " + status.error().text());
    }
}

}  // namespace tideway::tests
