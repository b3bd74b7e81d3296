// The bare skeleton that the engine is held against: one thread with epoll, a Lua coroutine per
// request that yields at each of its ten steps, SQLite with synchronous=FULL and one group commit
// per turn of the loop. No schema checks, no ledger, no history to look at, no recovery.
#pragma once

#include <string>

#include "tests/bench/child.h"

namespace tideway::bench {

int run_skeleton(const ParentLink& parent, const std::string& database_file);

}  // namespace tideway::bench
