// The trigger webhook: subscribes at any service with the requests that the flow's author wrote.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::http {

// Done's output is the state: {"expires", "renew", "unsubscribe"}, the latter two requests, filled
// in with what the answer said. A renewal sends `renew`, where there is one; else what the state
// names is ended first.
std::unique_ptr<connector::Exchange> subscribe_anywhere(const connector::Subscription& subscription
);

// A subscription that is gone already is fine.
std::unique_ptr<connector::Exchange> unsubscribe_anywhere(
    const connector::Subscription& subscription
);

}  // namespace tideway::connectors::http
