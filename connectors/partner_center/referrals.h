// The operations on referrals as exchanges, and the probes that settle them.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

using ExchangePtr = std::unique_ptr<connector::Exchange>;

ExchangePtr list_referrals(const connector::Call& call);
ExchangePtr get_referral(const connector::Call& call);
ExchangePtr create_referral(const connector::Call& call);
ExchangePtr replace_referral(const connector::Call& call);
ExchangePtr patch_referral(const connector::Call& call);

// Looks for a referral that `call` may have created: Microsoft's half in its engagement, any other
// among those created since the intent.
ExchangePtr probe_create(const connector::Call& call);

// Whether the referral holds what a patch or a replacement wrote.
ExchangePtr probe_patch(const connector::Call& call);
ExchangePtr probe_replace(const connector::Call& call);

}  // namespace tideway::connectors::partner_center
