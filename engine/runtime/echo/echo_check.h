// Whether a change that a trigger delivers is the echo of an effect of our own (DESIGN 5.8): the
// ledger knows which version a write led to, and the hash of each field that was written last.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/loop.h"
#include "engine/model/connector_spec.h"
#include "engine/model/run.h"
#include "engine/runtime/reader_pool.h"

namespace tideway::runtime {

// A change of one record, as its trigger tells it.
struct RecordChange {
    std::string connection;
    std::string object;
    std::string record_id;
    std::string version;                        // of the record as it was saved; may be empty
    std::map<std::string, std::string> fields;  // watched fields -> hash of the current value
};

// {"change": {"record", "version", "state"}} of what a connector received or found.
model::ChangeName read_change_name(const Json& item);

// Absent: the trigger's spec does not say where the record is, or the flow wants its own changes
// (`own_changes = "run"` in the trigger's table).
std::optional<RecordChange> read_change(
    const model::TriggerSpec& trigger,
    const std::string& connection,
    const Json& config,
    const Json& event
);

struct EchoVerdict {
    enum class Kind {
        kGenuine,
        kEcho,       // `run` wrote it in the step at `path`
        kUndecided,  // an effect on this record is open: its result tells
    };

    Kind kind = Kind::kGenuine;
    model::RunId run = 0;
    std::string path;
};

// `effects` on this record, newest first.
EchoVerdict judge(const RecordChange& change, const std::vector<model::EffectRecord>& effects);

// Thread: check() from any; the answer comes on the executor's.
class EchoCheck {
  public:
    explicit EchoCheck(ReaderPool& readers)
        : readers_(readers) {}

    void start(Executor& executor) { executor_ = &executor; }

    // After the executor's thread has ended.
    void stop() { timers_.clear(); }

    // `why` names the run and step that wrote it; absent: somebody else's change. Waits while an
    // effect on the record is open, at most limits::kEchoWait.
    using Done = std::function<void(std::optional<std::string> why)>;
    void check(RecordChange change, Done done);

    // The same of several, in their order; at least one.
    using AllDone = std::function<void(std::vector<std::optional<std::string>> whys)>;
    void check_all(std::vector<RecordChange> changes, AllDone done);

  private:
    struct Question {
        RecordChange change;
        Done done;
        Duration left{0};
    };

    void ask(const std::shared_ptr<Question>& question);
    void ask_again(const std::shared_ptr<Question>& question);

    ReaderPool& readers_;
    Executor* executor_ = nullptr;
    std::map<Question*, std::unique_ptr<Timer>> timers_;  // the executor's thread
};

}  // namespace tideway::runtime
