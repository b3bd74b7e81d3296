#include "engine/runtime/history/pruner.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr Duration kInterval = std::chrono::minutes(10);
constexpr Duration kPause = std::chrono::milliseconds(10);

Duration days(int count) {
    return std::chrono::hours(24) * count;
}

}  // namespace

store::Prune prune_command(const store::Retention& retention, Timestamp now) {
    store::Prune out;
    const int environment = retention.environment_days.value_or(limits::kHistoryDays);
    int longest = environment;
    out.before = now - days(environment);
    for (const auto& [flow, own] : retention.flow_days) {
        out.flows[flow] = now - days(own);
        longest = std::max(longest, own);
    }
    const int ledger = retention.ledger_days.value_or(limits::kLedgerDays);
    out.ledger_before = now - days(std::max(ledger, longest));
    return out;
}

void Pruner::start(Executor& executor) {
    executor_ = &executor;
    look();
}

void Pruner::look() {
    executor_->post([this] {
        if (is_busy_) {
            look_again_ = true;
            return;
        }
        begin();
    });
}

void Pruner::begin() {
    is_busy_ = true;
    timer_.reset();
    const auto query = [](store::Reader& reader) { return reader.retention(); };
    readers_.read(*executor_, query, [this](const Result<store::Retention>& retention) {
        if (!retention) {
            on_pruned(fail(retention.error()));
            return;
        }
        prune(*retention);
    });
}

void Pruner::prune(const store::Retention& retention) {
    store_.submit(
        {{prune_command(retention, clock_.now())}},
        [this](Result<std::vector<store::Outcome>> result) {
            executor_->post([this, result = std::move(result)] { on_pruned(result); });
        }
    );
}

void Pruner::on_pruned(const Result<std::vector<store::Outcome>>& result) {
    if (!result) {
        log_.warning("old history could not be removed", {{"error", result.error().text()}});
    }
    is_busy_ = false;
    const bool has_more = (result && result->front().has_more) || std::exchange(look_again_, false);
    timer_ = executor_->after(has_more ? kPause : kInterval, [this] { begin(); });
}

}  // namespace tideway::runtime
