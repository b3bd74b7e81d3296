// The connector that sends nothing: for benchmarks, tests and first flows.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::noop {

std::unique_ptr<connector::Connector> make_connector();

}  // namespace tideway::connectors::noop
