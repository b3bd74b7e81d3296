#include "engine/runtime/resubmit/rerun.h"

#include <utility>

namespace tideway::runtime {

Rerun::Rerun(
    std::shared_ptr<const Origin> origin,
    const model::RunRecord& run,
    const std::vector<model::OutlineNode>& outline,
    const FindOperation& find_operation
)
    : origin_(std::move(origin)) {
    if (origin_ != nullptr && !run.start_step.empty()) {
        reusable_.emplace(origin_->rows, run.start_step);
    }
    if (run.resubmission != 0) {
        EarlierRun earlier;
        if (origin_ != nullptr) {
            earlier = {&origin_->rows, origin_->is_changed};
        }
        plan_.emplace(earlier, run.start_step, outline, find_operation);
    }
}

std::optional<ReusableSteps::Step> Rerun::reused(std::string_view path) const {
    return reusable_ ? reusable_->find(path) : std::nullopt;
}

}  // namespace tideway::runtime
