// The durable log of one environment. Writes are batches: each batch is atomic, many share a commit
// (group commit), and completions come after it. Reads block the calling thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/crash_points.h"
#include "engine/base/result.h"
#include "engine/store/commands.h"
#include "engine/store/history/search.h"
#include "engine/store/ledger/ledger.h"

namespace tideway::store {

using Completion = std::function<void(Result<std::vector<Outcome>>)>;

// ---------------------------------------------------------------- queries

struct FlowRow {
    FlowId id = 0;
    std::string pack;
    std::string name;
    std::string title;
    model::FlowState state = model::FlowState::kOff;
    std::string state_reason;
    VersionId published = 0;
    std::string version_hash;
};

struct CallbackRow {
    std::string token;
    RunId run_id = 0;
    std::string path;
    bool received = false;
    Payload payload;
};

// A person is asked by a run, and nobody has answered.
struct QuestionRow {
    std::string token;  // of the callback that the answer goes to
    Uid run;
    FlowId flow_id = 0;
    std::string path;
    Timestamp expires;
    std::string question;  // JSON
};

// A split event whose runs are not all made yet.
struct FanOutRow {
    EventId event_id = 0;
    FlowId flow_id = 0;
    VersionId version_id = 0;
    std::int64_t next = 0;  // index of the first item without a run
    std::int64_t count = 0;
    std::string source;  // of the event
    std::string person;  // the same
};

struct LockRow {
    std::string key;
    RunId run_id = 0;
    Uid holder;
    std::string path;
    bool granted = false;
};

// Thread: any (each call uses a read connection of its own or waits for one).
class Reader {
  public:
    virtual ~Reader() = default;

    virtual Result<std::optional<model::RunRecord>> run(RunId id) = 0;
    virtual Result<std::optional<model::RunRecord>> run_by_uid(const Uid& uid) = 0;
    virtual Result<RunPage> runs(const RunFilter& filter) = 0;
    // Whatever the limit of the filter is.
    virtual Result<RunCount> count_runs(const RunFilter& filter) = 0;
    virtual Result<RunGroupPage> run_groups(const GroupFilter& filter) = 0;
    // By name, then by value.
    virtual Result<std::vector<model::TrackedValue>> tracked(RunId id) = 0;
    // Status Waiting, Running or Paused, oldest first.
    virtual Result<std::vector<model::RunRecord>> open_runs() = 0;
    virtual Result<std::vector<model::JournalRow>> journal(
        RunId id, std::int64_t after_seq = 0
    ) = 0;
    virtual Result<std::optional<model::EventRecord>> event(EventId id) = 0;
    virtual Result<EventPage> events(const EventFilter& filter) = 0;
    // Oldest first.
    virtual Result<std::vector<FanOutRow>> fan_outs() = 0;
    virtual Result<Payload> fan_out_items(EventId event) = 0;
    virtual Result<std::vector<model::EffectRecord>> effects(RunId id) = 0;
    // Newest first. Those of any run with this idempotency key.
    virtual Result<std::vector<model::EffectRecord>> effects_by_key(const std::string& key) = 0;
    // On one record of one connection, newest first.
    virtual Result<std::vector<model::EffectRecord>> effects_on(
        const std::string& connection,
        const std::string& object,
        const std::string& record_id,
        int limit
    ) = 0;
    virtual Result<std::vector<FlowRow>> flows() = 0;
    virtual Result<std::optional<model::FlowVersion>> version(VersionId id) = 0;
    virtual Result<std::optional<TriggerState>> trigger_state(FlowId flow) = 0;
    virtual Result<std::vector<model::ConnectionRecord>> connections() = 0;
    virtual Result<std::vector<model::ConnectionHealthRecord>> connection_health() = 0;
    virtual Result<std::vector<BindReference>> references() = 0;
    virtual Result<std::vector<Variable>> variables() = 0;
    virtual Result<std::vector<ApiToken>> tokens() = 0;
    virtual Result<std::optional<std::string>> meta(const std::string& key) = 0;
    virtual Result<std::optional<CallbackRow>> callback(RunId run, const std::string& path) = 0;
    virtual Result<std::vector<QuestionRow>> open_questions() = 0;  // by run
    virtual Result<std::vector<LockRow>> locks() = 0;
    // Those that wait for their turn (Turn): nobody starts them but the end of another run.
    virtual Result<std::vector<RunId>> runs_in_line() = 0;
    virtual NoticeReader& notices() = 0;
    virtual RevisionReader& revisions() = 0;
    virtual ResubmissionReader& resubmissions() = 0;
    virtual LedgerReader& ledger() = 0;
    virtual Result<Retention> retention() = 0;
    virtual Result<HistorySize> history_size() = 0;
};

// Thread: any.
class Store {
  public:
    virtual ~Store() = default;

    // `done` is called on the writer thread, after the commit or with the error of this batch;
    // never from inside submit(). A full queue (limits::kWriterQueueMax) fails with code
    // "ServerBusy". The failure of one batch does not touch the others of its commit.
    virtual void submit(Batch batch, Completion done) = 0;

    virtual Reader& reader() = 0;

    // Commits made so far, and batches in them: for metrics and the benchmark.
    struct Counters {
        std::int64_t commits = 0;
        std::int64_t batches = 0;
    };

    virtual Counters counters() const = 0;
};

enum class Durability {
    kFull,     // a commit waits for the disk
    kProcess,  // a commit survives the process, not the machine: for stores that nobody keeps
};

struct SqliteOptions {
    std::string path;                     // of the database file; made when absent
    CrashPoints* crash_points = nullptr;  // borrowed; visited "before commit" and "after commit"
    int readers = 2;
    Durability durability = Durability::kFull;
};

// Opens, migrates and locks the file for this process. Fails with code "StoreInUse" (another
// process has it), "StoreCorrupt" (not a database, or quick_check failed), "StoreTooNew" (made by a
// newer program), "StoreDiskFull", each with a remedy.
Result<std::unique_ptr<Store>> open_sqlite(SqliteOptions options);

}  // namespace tideway::store
