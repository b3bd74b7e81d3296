// The questions of ledger.h, in SQL.
#pragma once

#include "engine/store/ledger/ledger.h"
#include "engine/store/reader_pool.h"

namespace tideway::store {

// Thread: any. The pool is borrowed.
class SqlLedgerReader final : public LedgerReader {
  public:
    explicit SqlLedgerReader(ReaderPool& pool)
        : pool_(pool) {}

    Result<std::vector<PackEffect>> effects_since(Timestamp since) override;
    Result<std::map<std::string, std::int64_t>> records_of_connections() override;

  private:
    ReaderPool& pool_;
};

}  // namespace tideway::store
