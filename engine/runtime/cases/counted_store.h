// A store that tells simulated time of every commit under way.
#pragma once

#include <functional>
#include <utility>

#include "engine/base/simulated_time.h"
#include "engine/base/threading.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// Thread: as Store. Borrows both.
class CountedStore final : public store::Store {
  public:
    CountedStore(store::Store& inner, SimulatedTime& time)
        : inner_(inner),
          time_(time) {}

    // Called on the writer thread whenever whom a commit concerns has been told; empty: nobody any
    // more, from when this returns.
    void on_told(std::function<void()> listener) {
        const Lock lock(mutex_);
        listener_ = std::move(listener);
    }

    void submit(store::Batch batch, store::Completion done) override {
        time_.begin_work();
        inner_.submit(
            std::move(batch),
            [this, done = std::move(done)](Result<std::vector<store::Outcome>> result) {
                done(std::move(result));
                time_.end_work();
                const Lock lock(mutex_);
                if (listener_) {
                    listener_();
                }
            }
        );
    }

    store::Reader& reader() override { return inner_.reader(); }

    Counters counters() const override { return inner_.counters(); }

  private:
    store::Store& inner_;
    SimulatedTime& time_;
    Mutex mutex_;
    std::function<void()> listener_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
