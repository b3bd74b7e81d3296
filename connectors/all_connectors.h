// The connectors that were built in, found by folder (connectors/CMakeLists.txt).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/base/embedded.h"
#include "engine/connector/connector.h"

namespace tideway::connectors {

struct Entry {
    std::string_view id;
    std::unique_ptr<connector::Connector> (*make)();
};

std::span<const Entry> entries();

}  // namespace tideway::connectors

namespace tideway::embedded {
// "<id>/connector.json" of every connector.
std::span<const File> connector_specs();
}  // namespace tideway::embedded
