// The trigger poll: asks an address again and again, and delivers its answer when it is another
// one.
#pragma once

#include <memory>

#include "engine/connector/connector.h"

namespace tideway::connectors::http {

// The cursor: {"location": where to ask next, instead of `uri`, "of": which address the following
// three are of, "etag", "modified", "digest": of the answer that was delivered last}. Each may be
// absent.
std::unique_ptr<connector::Exchange> poll_address(const connector::Poll& poll);

}  // namespace tideway::connectors::http
