// The state of a sandbox in a file, so that it outlives a restart.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/json.h"
#include "engine/base/loop.h"
#include "engine/base/result.h"

namespace tideway::connector {

// Thread: the loop's. Give it a place behind what `state` reads: it writes when it is destroyed.
class SandboxState {
  public:
    // `file` empty: nothing is kept.
    SandboxState(Loop& loop, std::string file, std::function<Json()> state);
    ~SandboxState();
    SandboxState(const SandboxState&) = delete;
    SandboxState& operator=(const SandboxState&) = delete;

    // `take` gets what the file holds, if there is one. A file that it refuses is named in the
    // error and not written any more.
    Status load(const std::function<Status(const Json&)>& take);

    // Something has changed: it is written soon.
    void changed();

  private:
    void save();

    Loop& loop_;
    std::string file_;
    std::function<Json()> state_;
    std::unique_ptr<Timer> timer_;
    bool is_unsaved_ = false;
};

}  // namespace tideway::connector
