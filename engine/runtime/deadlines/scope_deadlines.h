// When the time of each scope with a time limit is up that a run is in. Thread: the shard's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/loop.h"

namespace tideway::runtime {

class ScopeDeadlines {
  public:
    void enter(const std::string& path, Timestamp due);
    void leave(std::string_view path);

    // The next one to come.
    std::optional<Timestamp> next(Timestamp now) const;

    // Calls `late` when the next one has come; to be told again after each change.
    void watch(Executor& executor, Timestamp now, std::function<void()> late);

    // The outermost scope around the step at `path` whose time is up; null: none.
    const std::string* late_around(std::string_view path, Timestamp now) const;

  private:
    std::map<std::string, Timestamp, std::less<>> due_;  // by path: outer scopes come first
    std::optional<Timestamp> watched_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace tideway::runtime
