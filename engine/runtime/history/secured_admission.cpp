#include "engine/runtime/history/secured_admission.h"

namespace tideway::runtime {

model::Secured secured_by(const FlowEntry& flow) {
    return flow.published ? flow.published->declaration.secured : model::Secured::kNothing;
}

void secure(store::Admit& admit, model::Secured secured) {
    admit.event.is_secured = model::secures_inputs(secured);
    if (admit.run) {
        admit.run->is_secured = model::secures_outputs(secured);
    }
}

}  // namespace tideway::runtime
