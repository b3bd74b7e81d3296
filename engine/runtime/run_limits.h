// The limits of base/limits.h that a run meets while it runs, as values: tests make them small.
#pragma once

#include "engine/base/clock.h"
#include "engine/base/limits.h"

namespace tideway::runtime {

struct RunLimits {
    std::int64_t journal_bytes = static_cast<std::int64_t>(limits::kJournalBytesMax);
    Duration duration = limits::kRunDurationMax;
    std::size_t in_memory_per_shard = limits::kRunsInMemoryPerShardMax;
    std::size_t vm_bytes = limits::kVmMemoryBytesMax;
};

}  // namespace tideway::runtime
