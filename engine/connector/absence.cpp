#include "engine/connector/absence.h"

namespace tideway::connector {

Duration trust_absent_after(const model::OperationSpec& operation, const Json& settings) {
    const Json* seconds = find(settings, "trust_absent_after_s");
    if (seconds == nullptr || !seconds->is_number_integer()) {
        return operation.trust_absent_after;
    }
    return std::chrono::seconds(seconds->get<std::int64_t>());
}

}  // namespace tideway::connector
