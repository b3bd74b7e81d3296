// Whether the connection's user has every right that flows need, without writing.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

// Done's output: {"checks":[{"what":..,"ok":bool,"message":..}]}. A refusal is a check that is not
// ok.
std::unique_ptr<connector::Exchange> test_connection(const Json& settings);

}  // namespace tideway::connectors::dataverse
