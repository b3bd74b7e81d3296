#include "engine/base/loop.h"

#include <iterator>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tideway {
namespace {

class AsioTimer final : public Timer {
  public:
    AsioTimer(boost::asio::io_context& context, Duration delay, std::function<void()> task)
        : timer_(context, delay),
          alive_(std::make_shared<bool>(true)) {
        // A timer may expire in the same turn in which it is destroyed: the flag decides.
        timer_.async_wait([alive = std::weak_ptr<bool>(alive_),
                           run = std::move(task)](const boost::system::error_code& error) {
            if (!error && !alive.expired()) {
                run();
            }
        });
    }

  private:
    boost::asio::steady_timer timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace

Loop::Loop(int threads)
    : context_(std::make_unique<boost::asio::io_context>(threads)),
      is_shared_(threads > 1) {}

// What is dropped may post from its destructors.
Loop::~Loop() {
    take_posted();
    context_.reset();
    take_posted();
}

void Loop::post(std::function<void()> task) {
    if (!context_) {
        return;
    }
    if (is_shared_) {
        boost::asio::post(*context_, std::move(task));
        return;
    }
    bool is_first = false;
    {
        const Lock lock(mutex_);
        is_first = posted_.empty();
        posted_.push_back(std::move(task));
    }
    if (is_first) {
        boost::asio::post(*context_, [this] { drain(); });
    }
}

// What is posted meanwhile comes after what the sockets and timers have to say.
void Loop::drain() {
    std::vector<std::function<void()>> tasks = take_posted();
    for (auto task = tasks.begin(); task != tasks.end(); ++task) {
        if (context_->stopped()) {
            put_back({std::make_move_iterator(task), std::make_move_iterator(tasks.end())});
            return;
        }
        // Gone with its captures before the next one runs.
        const std::function<void()> run = std::move(*task);
        run();
    }
}

std::vector<std::function<void()>> Loop::take_posted() {
    const Lock lock(mutex_);
    return std::exchange(posted_, {});
}

// For run_again(), before what was posted since.
void Loop::put_back(std::vector<std::function<void()>> tasks) {
    const Lock lock(mutex_);
    if (posted_.empty()) {
        boost::asio::post(*context_, [this] { drain(); });
    }
    posted_.insert(
        posted_.begin(),
        std::make_move_iterator(tasks.begin()),
        std::make_move_iterator(tasks.end())
    );
}

std::unique_ptr<Timer> Loop::after(Duration delay, std::function<void()> task) {
    return std::make_unique<AsioTimer>(*context_, delay, std::move(task));
}

void Loop::run() {
    const auto guard = boost::asio::make_work_guard(*context_);
    context_->run();
}

void Loop::run_again() {
    context_->restart();
    run();
}

void Loop::stop() {
    context_->stop();
}

std::size_t Loop::poll() {
    context_->restart();
    return context_->poll();
}

}  // namespace tideway
