// One environment for one case: a store of its own, the pack published and turned on, a runtime on
// simulated time.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/simulated_time.h"
#include "engine/base/temp_folder.h"
#include "engine/connector/no_tokens.h"
#include "engine/runtime/cases/case.h"
#include "engine/runtime/cases/case_callbacks.h"
#include "engine/runtime/cases/counted_store.h"
#include "engine/runtime/runtime.h"
#include "engine/runtime/step_tree.h"

namespace tideway::runtime {

// A run as history has it.
struct SeenRun {
    model::RunRecord record;
    std::vector<StepNode> steps;
    std::vector<model::TrackedValue> tracked;
};

// Thread: the one that made it.
class CaseWorld {
  public:
    CaseWorld(const connector::Registry& registry, Timestamp start);
    ~CaseWorld();
    CaseWorld(const CaseWorld&) = delete;
    CaseWorld& operator=(const CaseWorld&) = delete;

    // Once, first.
    Status open(const Pack& pack, const Case& test);

    // Delivers the event and lets time go on until its first run is over or paused.
    Result<Admitted> deliver(const Case& test);

    // Calls of the case that no run took.
    std::vector<CaseCallback> untaken_callbacks() const { return callbacks_->untaken(); }

    Result<SeenRun> run(const Uid& uid) const;
    // The child that a step of this run called; none: it called nobody.
    Result<std::optional<SeenRun>> child(const SeenRun& parent, const std::string& step_path) const;

  private:
    Status publish(const Pack& pack, const Case& test);
    Status connect(const Pack& pack);
    Status start_runtime(const Case& test);
    Result<SeenRun> seen(const model::RunRecord& record) const;

    TempFolder folder_;
    NullLog log_;
    SimulatedTime time_;
    const connector::Registry& registry_;
    connector::SecretBox box_;
    connector::Connections connections_;
    connector::NoTokens tokens_;
    std::unique_ptr<CountedStore> store_;
    std::unique_ptr<Environment> environment_;
    std::unique_ptr<FlowCatalog> catalog_;
    SimulatedLoop* loop_ = nullptr;  // of the only shard
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<CaseCallbacks> callbacks_;
    Mutex mutex_;
    std::vector<Uid> settled_ TIDEWAY_GUARDED_BY(mutex_);  // over, or paused
};

}  // namespace tideway::runtime
