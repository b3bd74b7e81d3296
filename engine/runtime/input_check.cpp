#include "engine/model/schema.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

Status check_input(
    const model::OperationSpec& operation, const Json& input, model::Secured secured
) {
    const auto quoting =
        model::secures_inputs(secured) ? model::Quoting::kNothing : model::Quoting::kValues;
    auto checked =
        model::validate(operation.input_schema, input, "The input of " + operation.id, quoting);
    if (!checked) {
        checked.error().code = "OpenApiOperationParameterValidationFailed";
    }
    return checked;
}

}  // namespace tideway::runtime
