// `tideway serve` as a child process that may die at a chosen crash point and is started again.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <sys/types.h>

#include "engine/base/result.h"

namespace tideway::tests {

// Thread: one. The child is killed with the object.
class ServerProcess {
  public:
    // `log` takes what the child prints.
    ServerProcess(std::string program, std::string log)
        : program_(std::move(program)),
          log_(std::move(log)) {}

    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    struct Life {
        std::int64_t crash_at = 0;    // 0: it is not killed
        std::string report;           // of the visited crash points; empty: none
        std::int64_t file_limit = 0;  // RLIMIT_FSIZE in bytes; 0: none
    };

    // Starts the first of `lives`; each of the others follows a death, then one without a crash.
    Status start(const std::string& data_folder, std::deque<Life> lives);

    // Notices a death and starts the next life. True: the child was started anew.
    // Fails when it ended otherwise than by SIGKILL.
    Result<bool> keep_up();

    Status stop();  // with SIGTERM, and waits
    void kill();    // with SIGKILL, and waits; the next life starts at keep_up()
    void freeze();  // with SIGSTOP: it neither reads nor writes any more until kill()

    int deaths() const { return deaths_; }

    bool is_running() const { return child_ > 0; }

  private:
    Status spawn(const Life& life);

    std::string program_;
    std::string log_;
    std::string data_folder_;
    std::deque<Life> lives_;
    pid_t child_ = -1;
    int deaths_ = 0;
};

}  // namespace tideway::tests
