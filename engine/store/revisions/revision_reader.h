// The queries about revisions, in SQL.
#pragma once

#include "engine/store/reader_pool.h"
#include "engine/store/revisions/revisions.h"

namespace tideway::store {

// Thread: any. The pool is borrowed.
class SqlRevisionReader final : public RevisionReader {
  public:
    explicit SqlRevisionReader(ReaderPool& pool)
        : pool_(pool) {}

    Result<std::vector<model::PackRevision>> history(const std::string& pack) override;
    Result<std::optional<model::PackRevision>> revision(const std::string& pack, int number)
        override;
    Result<std::vector<model::PackRevision>> live() override;
    Result<model::PackFiles> files(std::int64_t revision_id) override;
    Result<std::optional<model::VersionId>> version_of(
        std::int64_t revision_id, const std::string& flow
    ) override;

  private:
    ReaderPool& pool_;
};

}  // namespace tideway::store
