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

// The code of the attempt that has read what an effect would change.
inline constexpr const char* kBeforeCode = "Before";

// What an effect would change: [{"field": "/name", "before": .., "after": ..}], without what is
// there already. "before" is absent where nothing is there under that name.
Json muted_changes(const model::OperationSpec& operation, const Json& input, const Json& there);

}  // namespace tideway::runtime
