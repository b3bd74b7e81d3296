// Calls any web service. Credentials of the connection go to the origin of its base_url only.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::http {

std::unique_ptr<connector::Connector> make_connector();

}  // namespace tideway::connectors::http
