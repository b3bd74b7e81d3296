// Microsoft Partner Center: referrals (co-sell deals) and the registration of webhooks.
#pragma once

#include <memory>
#include <string_view>

#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

// Sent as X-Caller-Id with every request; Partner Center stores it as the origin of the last write,
// so a referral whose `lastModifiedVia` is this was last written by Tideway.
inline constexpr std::string_view kCallerId = "8e6f4c1d-52b7-4a0e-9d3a-6b1c7f20e954";

// Thread: any. It keeps the certificates that webhooks were signed with, under a lock.
std::unique_ptr<connector::Connector> make_connector();

}  // namespace tideway::connectors::partner_center
