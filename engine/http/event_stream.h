// The two ends of a server-sent event stream share this state. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>

namespace tideway::http {

struct StreamState {
    std::atomic<bool> is_open{true};
    std::atomic<std::size_t> unsent_bytes{0};  // bounded by limits::kStreamBufferBytesMax
};

}  // namespace tideway::http
