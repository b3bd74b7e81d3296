#include "engine/runtime/cases/case_callbacks.h"

#include <algorithm>
#include <utility>

#include "engine/model/step_path.h"
#include "engine/runtime/cases/case_check.h"

namespace tideway::runtime {

CaseCallbacks::CaseCallbacks(std::vector<CaseCallback> planned, Loop& loop, Runtime& runtime)
    : loop_(loop),
      runtime_(runtime) {
    for (CaseCallback& callback : planned) {
        planned_.push_back({std::move(callback), nullptr, false});
    }
}

void CaseCallbacks::on_address(const std::string& path, const std::string& token) {
    const std::string_view step = model::parent_path(path);
    const Lock lock(mutex_);
    const auto next = std::ranges::find_if(planned_, [step](const Planned& planned) {
        return planned.timer == nullptr && ends_with_path(step, planned.callback.step);
    });
    if (next == planned_.end()) {
        return;
    }
    const auto index = static_cast<std::size_t>(next - planned_.begin());
    next->timer = loop_.after(next->callback.after, [this, index, token] { call(index, token); });
}

void CaseCallbacks::call(std::size_t index, const std::string& token) {
    Payload payload;
    {
        const Lock lock(mutex_);
        payload = to_payload(planned_[index].callback.call);
    }
    runtime_.receive_callback(
        token,
        std::move(payload),
        [this, index](const Result<store::CallbackFate>& fate) {
            const Lock lock(mutex_);
            planned_[index].is_taken = fate && *fate == store::CallbackFate::kTaken;
        }
    );
}

std::vector<CaseCallback> CaseCallbacks::untaken() const {
    std::vector<CaseCallback> out;
    const Lock lock(mutex_);
    for (const Planned& planned : planned_) {
        if (!planned.is_taken) {
            out.push_back(planned.callback);
        }
    }
    return out;
}

}  // namespace tideway::runtime
