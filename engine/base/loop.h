// Executor and timers of one thread. Front, shards and sandboxes each run one Loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/threading.h"

namespace boost::asio {
class io_context;
}

namespace tideway {

// A pending timer; destroying or cancelling it means the callback does not run.
class Timer {
  public:
    virtual ~Timer() = default;
};

// Thread: post() from any; everything else from the loop's own thread.
class Executor {
  public:
    virtual ~Executor() = default;

    // Runs `task` on the loop's thread, in posting order.
    virtual void post(std::function<void()> task) = 0;

    // Runs `task` on the loop's thread after `delay`, unless the Timer is gone by then.
    virtual std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) = 0;
};

// An Executor on an asio io_context. run() blocks until stop(); an exception that escapes a task
// ends the program (it is a bug). Derived: a loop whose timers follow a simulated clock.
class Loop : public Executor {
  public:
    // `threads`: how many threads will call run(); timers need one.
    explicit Loop(int threads = 1);
    ~Loop() override;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void post(std::function<void()> task) override;
    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override;

    virtual void run();  // until stop(); pending work is dropped
    void stop();         // from any thread
    void run_again();    // as run(), after a stop()
    // Runs what is ready and returns; for tests.
    std::size_t poll();

    boost::asio::io_context& context() { return *context_; }

  private:
    void drain();
    std::vector<std::function<void()>> take_posted();
    void put_back(std::vector<std::function<void()>> tasks);

    std::unique_ptr<boost::asio::io_context> context_;
    const bool is_shared_;  // by threads that take tasks side by side
    // Of a loop with one thread: many tasks wake it once.
    Mutex mutex_;
    std::vector<std::function<void()>> posted_ TIDEWAY_GUARDED_BY(mutex_);
};

// A loop whose timers run `speed` times faster than the world's clock: for simulated time.
class FastTimers final : public Executor {
  public:
    FastTimers(Loop& loop, double speed)
        : loop_(loop),
          speed_(speed) {}

    void post(std::function<void()> task) override { loop_.post(std::move(task)); }

    std::unique_ptr<Timer> after(Duration delay, std::function<void()> task) override {
        return loop_.after(std::chrono::duration_cast<Duration>(delay / speed_), std::move(task));
    }

  private:
    Loop& loop_;
    double speed_;
};

}  // namespace tideway
