// The queries about notices, in SQL.
#pragma once

#include "engine/store/notices/notices.h"
#include "engine/store/reader_pool.h"

namespace tideway::store {

// Thread: any. The pool is borrowed.
class SqlNoticeReader final : public NoticeReader {
  public:
    explicit SqlNoticeReader(ReaderPool& pool)
        : pool_(pool) {}

    Result<std::vector<model::NoticeRecord>> notices(NoticeFilter filter, int limit) override;
    Result<std::optional<model::NoticeRecord>> notice(const Uid& uid) override;
    Result<std::optional<model::NoticeRecord>> notice_of(std::int64_t notice_id) override;
    Result<std::vector<model::NoticeDelivery>> deliveries(std::int64_t notice_id) override;
    Result<std::vector<model::NoticeDelivery>> next_deliveries() override;
    Result<std::vector<model::NoticeChannel>> channels() override;
    Result<std::vector<model::EventExpectation>> expectations() override;
    Result<std::vector<FailureGroup>> failure_groups(Timestamp since) override;
    Result<std::vector<PausedGroup>> paused_groups() override;
    Result<std::optional<Timestamp>> last_event(model::FlowId flow) override;

  private:
    ReaderPool& pool_;
};

}  // namespace tideway::store
