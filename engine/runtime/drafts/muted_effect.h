// What a script is told of an effect that does not take place (model::Effects::kMuted). Pure.
#pragma once

#include "engine/base/json.h"
#include "engine/base/uid.h"
#include "engine/model/connector_spec.h"

namespace tideway::runtime {

// The code of its step.
inline constexpr const char* kMutedCode = "Muted";

// A stand-in for the service's answer, so that the flow can go on: what the input says of the
// record, under the names that the answer has, and `stand_in` as the id of a record that would have
// been made. What only the service knows is absent.
Json muted_output(const model::OperationSpec& operation, const Json& input, const Uid& stand_in);

}  // namespace tideway::runtime
