// TIDEWAY_ASSERT: an invariant that only a bug of ours can break. On in every build: it prints the
// condition and aborts; recovery then takes the runs up again.
#pragma once

namespace tideway {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}  // namespace tideway

#define TIDEWAY_ASSERT(condition)       \
    ((condition) ? static_cast<void>(0) \
                 : ::tideway::assertion_failed(#condition, __FILE__, __LINE__))
