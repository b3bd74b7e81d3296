// The project's mutex (clang checks what it guards) and the owner check of single-thread classes.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/base/assert.h"

#if defined(__clang__)
#define TIDEWAY_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TIDEWAY_THREAD_ATTRIBUTE(x)
#endif
#define TIDEWAY_GUARDED_BY(m) TIDEWAY_THREAD_ATTRIBUTE(guarded_by(m))
#define TIDEWAY_REQUIRES(m) TIDEWAY_THREAD_ATTRIBUTE(requires_capability(m))

namespace tideway {

class TIDEWAY_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
  public:
    void lock() TIDEWAY_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }

    void unlock() TIDEWAY_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

class TIDEWAY_THREAD_ATTRIBUTE(scoped_lockable) Lock {
  public:
    explicit Lock(Mutex& mutex) TIDEWAY_THREAD_ATTRIBUTE(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }

    ~Lock() TIDEWAY_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    Mutex& mutex_;
};

// Waits with a Mutex held. Spurious wake-ups are possible: wait in a loop on the condition.
using Condition = std::condition_variable_any;

// Asserts that a class without locks is used by one thread only. The first caller owns it.
class ThreadOwner {
  public:
    void check() {
        if (owner_ == std::thread::id()) {
            owner_ = std::this_thread::get_id();
        }
        TIDEWAY_ASSERT(owner_ == std::this_thread::get_id());
    }

  private:
    std::thread::id owner_;
};

}  // namespace tideway
