// The trigger referral_changed: referrals by the time of their last change.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

// Events are as referral_event's. A referral that was changed several times between two polls is
// one event.
// What tells one change of a referral from another: the same in a notification and in a poll.
Json change_of(const std::string& referral_id, Timestamp changed_at);

ExchangePtr poll_referrals(const connector::Poll& poll);

}  // namespace tideway::connectors::partner_center
