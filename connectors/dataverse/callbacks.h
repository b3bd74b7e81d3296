// The trigger row_changed: a row of callbackregistration at Dataverse, and what it sends.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

// Done's output is the state: {"id": <of the registration>}. The id derives from flow, address and
// configuration, so subscribing again after a crash finds the same registration. One that the state
// names and that is another is removed.
ExchangePtr subscribe(const connector::Subscription& subscription);

// A registration that is gone already is fine.
ExchangePtr unsubscribe(const connector::Subscription& subscription);

ExchangePtr receive_row(const connector::Incoming& incoming);

// The row to register, or why the configuration is wrong.
Result<Json> registration_row(const connector::Subscription& subscription);

}  // namespace tideway::connectors::dataverse
