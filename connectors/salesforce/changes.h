// The polling triggers: records that were created, saved or deleted since the last poll.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr poll_created(const connector::Poll& poll);
ExchangePtr poll_changed(const connector::Poll& poll);
ExchangePtr poll_deleted(const connector::Poll& poll);

}  // namespace tideway::connectors::salesforce
