#include "engine/model/connector_spec.h"

namespace tideway::model {

std::string_view to_string(EffectClass effect) {
    switch (effect) {
        case EffectClass::kRead:
            return "read";
        case EffectClass::kIdempotent:
            return "idempotent";
        case EffectClass::kOnce:
            return "once";
    }
    return "read";
}

const OperationSpec* ConnectorSpec::operation(std::string_view operation_id) const {
    for (const OperationSpec& operation : operations) {
        if (operation.id == operation_id) {
            return &operation;
        }
    }
    return nullptr;
}

const TriggerSpec* ConnectorSpec::trigger(std::string_view trigger_id) const {
    for (const TriggerSpec& trigger : triggers) {
        if (trigger.id == trigger_id) {
            return &trigger;
        }
    }
    return nullptr;
}

}  // namespace tideway::model
