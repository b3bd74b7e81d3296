// When a change that a service does not show counts as one that was not made.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/model/connector_spec.h"

namespace tideway::connector {

// How long after the request left "absent" is not yet proof: the operation's own time, unless the
// connection has the setting "trust_absent_after_s" (whole seconds).
Duration trust_absent_after(const model::OperationSpec& operation, const Json& settings);

}  // namespace tideway::connector
