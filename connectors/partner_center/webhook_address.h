// Which addresses Partner Center can send events to.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/base/result.h"

namespace tideway::connectors::partner_center {

// Refuses what Partner Center cannot reach or must not be told: no https, loopback, private and
// link-local addresses, names of this machine or its network. A sandbox connection takes every
// address. Names are not looked up: whom a public name leads to is the service's to see. Code
// "WebhookAddressRefused". Thread: any.
Status check_webhook_address(const std::string& address, const Json& settings);

}  // namespace tideway::connectors::partner_center
