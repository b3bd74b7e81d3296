// Links between rows, actions, closing an opportunity, and who the connection's user is.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::dataverse {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr associate_rows(const connector::Call& call);
ExchangePtr disassociate_rows(const connector::Call& call);
ExchangePtr perform_action(const connector::Call& call);
ExchangePtr win_opportunity(const connector::Call& call);
ExchangePtr lose_opportunity(const connector::Call& call);
ExchangePtr who_am_i(const connector::Call& call);

// Whether the opportunity is closed as asked.
ExchangePtr probe_win(const connector::Call& call);
ExchangePtr probe_lose(const connector::Call& call);

}  // namespace tideway::connectors::dataverse
