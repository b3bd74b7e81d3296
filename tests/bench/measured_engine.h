// The engine as the benchmark measures it: a new environment with the benchmark's pack, turned on.
#pragma once

#include <string>

#include "tests/bench/child.h"

namespace tideway::bench {

int run_engine(const ParentLink& parent, const std::string& folder, int shards);

}  // namespace tideway::bench
