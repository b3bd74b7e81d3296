// Result<T>: a value or an Error. Expected failures travel in it; bugs are assertions.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "engine/base/error.h"

namespace tideway {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

inline tl::unexpected<Error> fail(
    ErrorKind kind, std::string code, std::string message, std::string remedy = {}
) {
    Error error;
    error.kind = kind;
    error.code = std::move(code);
    error.message = std::move(message);
    error.remedy = std::move(remedy);
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace tideway

#define TIDEWAY_CONCAT_INNER(a, b) a##b
#define TIDEWAY_CONCAT(a, b) TIDEWAY_CONCAT_INNER(a, b)

// Returns the error of `expr` from the enclosing function, if it has one.
#define TIDEWAY_TRY(expr)                                            \
    do {                                                             \
        auto TIDEWAY_CONCAT(status_, __LINE__) = (expr);             \
        if (!TIDEWAY_CONCAT(status_, __LINE__)) {                    \
            return tl::unexpected<::tideway::Error>(                 \
                std::move(TIDEWAY_CONCAT(status_, __LINE__).error()) \
            );                                                       \
        }                                                            \
    } while (false)

// Declares `var` with the value of `expr`, or returns its error.
#define TIDEWAY_TRY_ASSIGN(var, expr)                            \
    auto TIDEWAY_CONCAT(result_, __LINE__) = (expr);             \
    if (!TIDEWAY_CONCAT(result_, __LINE__)) {                    \
        return tl::unexpected<::tideway::Error>(                 \
            std::move(TIDEWAY_CONCAT(result_, __LINE__).error()) \
        );                                                       \
    }                                                            \
    var = std::move(*TIDEWAY_CONCAT(result_, __LINE__))
