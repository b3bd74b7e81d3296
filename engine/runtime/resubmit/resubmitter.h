// Makes the runs of stored resubmissions: some at a time, in order, each in one commit with its
// item. What is not done when the process dies goes on at the next start.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/runtime/reader_pool.h"
#include "engine/runtime/resubmit/choices.h"
#include "engine/store/store.h"

namespace tideway::runtime {

struct PreparedRun;

// How a resubmission goes on, beside what its runs are made from.
struct ResubmitPace {
    int at_once = 0;     // open runs of it
    int per_minute = 0;  // 0: as fast as they end
    int stop_after = 0;  // new failures
};

// Of the same JSON as the choices. Code "InvalidRequestContent".
Result<ResubmitPace> parse_resubmit_pace(const Json& json);
Json to_json(const ResubmitPace& pace);

struct ResubmitterServices {
    store::Store* store = nullptr;
    ReaderPool* readers = nullptr;
    Executor* executor = nullptr;  // its thread
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::function<Result<PreparedRun>(
        store::Reader&, const model::RunRecord&, const ResubmitChoices&, const std::string& person
    )>
        prepare;
    std::function<
        void(std::vector<PreparedRun>, std::vector<store::Command>, std::function<void(Status)>)>
        admit;
};

// Thread: go_on() from any; everything else on the executor's.
class Resubmitter {
  public:
    explicit Resubmitter(ResubmitterServices services)
        : services_(std::move(services)) {}

    // Those that are not done. Blocking.
    Status start();

    void go_on(std::int64_t id);

  private:
    struct Job {
        std::unique_ptr<Timer> timer;
        Duration delay{};
        Timestamp next_start;  // of a pace by the minute
        bool is_looking = false;
    };

    struct Look;

    void look(std::int64_t id);
    void look_later(std::int64_t id, Duration delay);
    void looked(std::int64_t id, Look look);
    void act(std::int64_t id, Look look);
    void stored(std::int64_t id, const Status& status);
    static Result<Look> query(
        const ResubmitterServices& services, store::Reader& reader, std::int64_t id, Timestamp now
    );

    ResubmitterServices services_;
    std::map<std::int64_t, Job> jobs_;
};

}  // namespace tideway::runtime
