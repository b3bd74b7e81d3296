#include "engine/model/schema.h"
#include "engine/runtime/run_session.h"

namespace tideway::runtime {

Status check_input(const model::OperationSpec& operation, const Json& input) {
    return model::validate(operation.input_schema, input, "The input of " + operation.id);
}

}  // namespace tideway::runtime
