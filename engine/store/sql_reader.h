// The queries of the store, in SQL.
#pragma once

#include "engine/store/ledger/ledger_reader.h"
#include "engine/store/notices/notice_reader.h"
#include "engine/store/reader_pool.h"
#include "engine/store/resubmissions/resubmission_reader.h"
#include "engine/store/revisions/revision_reader.h"
#include "engine/store/store.h"

namespace tideway::store {

// Thread: any. The pool is borrowed.
class SqlReader final : public Reader {
  public:
    explicit SqlReader(ReaderPool& pool)
        : pool_(pool),
          notices_(pool),
          revisions_(pool),
          resubmissions_(pool),
          ledger_(pool) {}

    Result<std::optional<model::RunRecord>> run(RunId id) override;
    Result<std::optional<model::RunRecord>> run_by_uid(const Uid& uid) override;
    // Those about history are in history/history_reader.cpp.
    Result<RunPage> runs(const RunFilter& filter) override;
    Result<RunCount> count_runs(const RunFilter& filter) override;
    Result<RunGroupPage> run_groups(const GroupFilter& filter) override;
    Result<std::vector<model::TrackedValue>> tracked(RunId id) override;
    Result<std::vector<model::RunRecord>> open_runs() override;
    Result<std::vector<model::JournalRow>> journal(RunId id, std::int64_t after_seq) override;
    Result<std::optional<model::EventRecord>> event(EventId id) override;
    Result<EventPage> events(const EventFilter& filter) override;
    Result<std::vector<model::EffectRecord>> effects(RunId id) override;
    Result<std::vector<model::EffectRecord>> effects_by_key(const std::string& key) override;
    Result<std::vector<model::EffectRecord>> effects_on(
        const std::string& connection,
        const std::string& object,
        const std::string& record_id,
        int limit
    ) override;
    Result<std::vector<FlowRow>> flows() override;
    Result<std::optional<model::FlowVersion>> version(VersionId id) override;
    Result<std::optional<TriggerState>> trigger_state(FlowId flow) override;
    Result<std::vector<model::ConnectionRecord>> connections() override;
    Result<std::vector<BindReference>> references() override;
    Result<std::vector<model::ConnectionHealthRecord>> connection_health() override;
    Result<std::vector<Variable>> variables() override;
    Result<std::vector<ApiToken>> tokens() override;
    Result<std::optional<std::string>> meta(const std::string& key) override;
    Result<std::vector<FanOutRow>> fan_outs() override;
    Result<Payload> fan_out_items(EventId event) override;
    Result<std::optional<CallbackRow>> callback(RunId run, const std::string& path) override;
    Result<std::vector<QuestionRow>> open_questions() override;
    Result<std::vector<LockRow>> locks() override;
    Result<std::vector<RunId>> runs_in_line() override;
    Result<Retention> retention() override;
    Result<HistorySize> history_size() override;

    NoticeReader& notices() override { return notices_; }

    RevisionReader& revisions() override { return revisions_; }

    ResubmissionReader& resubmissions() override { return resubmissions_; }

    LedgerReader& ledger() override { return ledger_; }

  private:
    ReaderPool& pool_;
    SqlNoticeReader notices_;
    SqlRevisionReader revisions_;
    SqlResubmissionReader resubmissions_;
    SqlLedgerReader ledger_;
};

}  // namespace tideway::store
