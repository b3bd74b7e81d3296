#include "engine/base/crash_points.h"

#include <csignal>
#include <cstdio>

namespace tideway {

void CrashPoints::visit(std::string_view place) {
    const std::int64_t visit = visits_.fetch_add(1) + 1;
    if (visit != die_at_) {
        return;
    }
    std::fprintf(
        stderr,
        "tideway: dying at crash point %lld: %.*s\n",
        static_cast<long long>(visit),
        static_cast<int>(place.size()),
        place.data()
    );
    std::raise(SIGKILL);
}

}  // namespace tideway
