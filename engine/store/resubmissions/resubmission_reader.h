// The queries about resubmissions, in SQL.
#pragma once

#include "engine/store/reader_pool.h"
#include "engine/store/resubmissions/resubmissions.h"

namespace tideway::store {

ResubmissionState parse_resubmission_state(std::string_view text);
ResubmittedState parse_resubmitted_state(std::string_view text);

// Thread: any. The pool is borrowed.
class SqlResubmissionReader final : public ResubmissionReader {
  public:
    explicit SqlResubmissionReader(ReaderPool& pool)
        : pool_(pool) {}

    Result<std::vector<ResubmissionRecord>> resubmissions(int limit) override;
    Result<std::optional<ResubmissionRecord>> resubmission(std::int64_t id) override;
    Result<std::vector<std::int64_t>> unfinished() override;
    Result<std::vector<ResubmissionItem>> items(
        std::int64_t id, std::optional<ResubmittedState> state, std::int64_t after, int limit
    ) override;

  private:
    ReaderPool& pool_;
};

}  // namespace tideway::store
