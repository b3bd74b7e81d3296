#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tideway {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "tideway: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace tideway
