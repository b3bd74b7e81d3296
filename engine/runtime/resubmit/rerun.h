// What a run knows of the earlier run that it does again: results that it takes over, and which
// effects the plan has.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/runtime/resubmit/origin.h"
#include "engine/runtime/resubmit/reusable_steps.h"
#include "engine/runtime/resubmit/step_plan.h"

namespace tideway::runtime {

// The code of a run that came to an effect that the plan of its resubmission did not have.
inline constexpr const char* kUnplannedEffect = "UnplannedEffect";

// The code of a step whose result is that of an earlier run.
inline constexpr const char* kReused = "Reused";

// Thread: any one.
class Rerun {
  public:
    // `origin` may be null: of a flow that was not called before.
    Rerun(
        std::shared_ptr<const Origin> origin,
        const model::RunRecord& run,
        const std::vector<model::OutlineNode>& outline,
        const FindOperation& find_operation
    );

    std::optional<ReusableSteps::Step> reused(std::string_view path) const;

    // Whether an effect or the call of a flow there keeps to the plan.
    bool is_planned(std::string_view path) const { return !plan_ || plan_->has(path); }

  private:
    std::shared_ptr<const Origin> origin_;
    std::optional<ReusableSteps> reusable_;
    std::optional<StepPlan> plan_;  // absent: nobody planned
};

}  // namespace tideway::runtime
