// Tries both services that the connector needs, without writing; says what the role lets the user
// see.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

// Done's output: {"checks":[{"what":..,"ok":bool,"message":..}]}. A refusal is a check that is not
// ok.
std::unique_ptr<connector::Exchange> test_connection(const Json& settings);

}  // namespace tideway::connectors::partner_center
