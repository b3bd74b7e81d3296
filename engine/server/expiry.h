// When something ends that is given for a time: an API token, a signed address. Thread: any.
#pragma once

#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace tideway::server {

// "30d", "12h", "90m", "P30D", or a point in time such as "2026-12-31". Code "InvalidArgument" for
// anything else, for the past, and for what is more than limits::kAddressLifeMax away.
Result<Timestamp> parse_expiry(std::string_view text, Timestamp now);

}  // namespace tideway::server
