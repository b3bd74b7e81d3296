// Operations that only read: queries, descriptions, feeds, limits, who we are.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::salesforce {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr query(const connector::Call& call);
ExchangePtr describe_object(const connector::Call& call);
ExchangePtr list_objects(const connector::Call& call);
ExchangePtr list_updated(const connector::Call& call);
ExchangePtr list_deleted(const connector::Call& call);
ExchangePtr get_limits(const connector::Call& call);
ExchangePtr who_am_i(const connector::Call& call);

}  // namespace tideway::connectors::salesforce
