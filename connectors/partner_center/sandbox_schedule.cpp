#include "connectors/partner_center/sandbox_schedule.h"

#include <algorithm>
#include <utility>

namespace tideway::connectors::partner_center::sandbox_parts {
namespace {

// The base clock may be moved by a test without a word; far tasks look again this often.
constexpr Duration kLongestSleep = std::chrono::hours(1);

}  // namespace

void Schedule::at(Timestamp due, std::function<void()> task) {
    tasks_.emplace(due, std::move(task));
    arm();
}

void Schedule::run_due() {
    while (!tasks_.empty() && tasks_.begin()->first <= clock_.now()) {
        const std::function<void()> task = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
        task();
    }
    arm();
}

void Schedule::arm() {
    if (tasks_.empty()) {
        timer_.reset();
        return;
    }
    const Duration left = tasks_.begin()->first - clock_.now();
    const Duration wait = std::clamp(left, Duration(0), kLongestSleep);
    timer_ = loop_.after(wait, [this]() { run_due(); });
}

}  // namespace tideway::connectors::partner_center::sandbox_parts
