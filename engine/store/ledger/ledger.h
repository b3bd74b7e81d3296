// Questions to the effects ledger about many runs at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/run.h"

namespace tideway::store {

// An effect with the pack of its flow; empty when its run is gone.
struct PackEffect {
    model::EffectRecord effect;
    std::string pack;
};

// Thread: any.
class LedgerReader {
  public:
    virtual ~LedgerReader() = default;

    // Effects that have taken place since then or may have, oldest first, without their outputs.
    virtual Result<std::vector<PackEffect>> effects_since(Timestamp since) = 0;

    // Connection -> how many of its records some effect was about.
    virtual Result<std::map<std::string, std::int64_t>> records_of_connections() = 0;
};

}  // namespace tideway::store
