// A Loop that runs on a thread of its own until it goes.
#pragma once

#include <future>
#include <thread>
#include <type_traits>
#include <utility>

#include "engine/base/loop.h"

namespace tideway::testing {

// Thread: the test's. What lives on the loop is made and destroyed through run().
class LoopThread {
  public:
    LoopThread()
        : thread_([this] { loop_.run(); }) {}

    ~LoopThread() { stop(); }

    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    Loop& loop() { return loop_; }

    // Calls `task` on the loop's thread and returns what it returns; `task` must not throw.
    template <typename Task>
    auto run(Task task) -> std::invoke_result_t<Task> {
        std::promise<std::invoke_result_t<Task>> promise;
        auto result = promise.get_future();
        loop_.post([&promise, &task] {
            if constexpr (std::is_void_v<std::invoke_result_t<Task>>) {
                task();
                promise.set_value();
            } else {
                promise.set_value(task());
            }
        });
        return result.get();
    }

    void stop() {
        if (thread_.joinable()) {
            loop_.stop();
            thread_.join();
        }
    }

  private:
    Loop loop_;
    std::thread thread_;
};

}  // namespace tideway::testing
