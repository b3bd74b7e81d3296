#include "engine/base/crash_points.h"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace tideway {

CrashPoints::CrashPoints(std::int64_t die_at, const std::string& report)
    : die_at_(die_at),
      report_(
          report.empty() ? -1
                         : ::open(report.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
      ) {}

CrashPoints::~CrashPoints() {
    if (report_ >= 0) {
        ::close(report_);
    }
}

void CrashPoints::visit(std::string_view place) {
    const std::int64_t visit = visits_.fetch_add(1) + 1;
    if (report_ >= 0) {
        const std::string line = std::string(place) + "\n";
        if (::write(report_, line.data(), line.size()) < 0) {
            std::perror("tideway: a crash point cannot be reported");
        }
    }
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
