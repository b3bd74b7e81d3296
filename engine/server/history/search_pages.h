// A search over history, page after page, within the time that a caller is kept waiting.
#pragma once

#include <chrono>
#include <utility>

#include "engine/base/json.h"

namespace tideway::server {

// A search that finds little answers with what it has by then, and where to go on.
inline constexpr std::chrono::milliseconds kSearchTime{300};

// Asks for page after page until `take(page)` wants no more, there is none, or the time is over.
// What is left to do goes into `out` as "next_before".
template <typename Filter, typename Ask, typename Take>
Status search_pages(Filter filter, const Ask& ask, const Take& take, Json& out) {
    const auto end = std::chrono::steady_clock::now() + kSearchTime;
    while (true) {
        TIDEWAY_TRY_ASSIGN(const auto page, ask(filter));
        TIDEWAY_TRY_ASSIGN(const int left, take(page));
        if (page.next_before == 0) {
            return {};
        }
        filter.before_id = page.next_before;
        filter.limit = left;
        if (left <= 0 || std::chrono::steady_clock::now() >= end) {
            out["next_before"] = page.next_before;
            return {};
        }
    }
}

}  // namespace tideway::server
