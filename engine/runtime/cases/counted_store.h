// A store that tells simulated time of every commit under way.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

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

    // Called on the writer thread for each address of wait_for_callback that is durable. Set once,
    // before there are runs.
    void on_callback(std::function<void(const store::PutCallback&)> listener) {
        callback_listener_ = std::move(listener);
    }

    void submit(store::Batch batch, store::Completion done) override {
        time_.begin_work();
        auto callbacks = callbacks_of(batch);
        inner_.submit(
            std::move(batch),
            [this,
             callbacks = std::move(callbacks),
             done = std::move(done)](Result<std::vector<store::Outcome>> result) {
                if (result && callback_listener_) {
                    std::ranges::for_each(callbacks, callback_listener_);
                }
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
    static std::vector<store::PutCallback> callbacks_of(const store::Batch& batch) {
        std::vector<store::PutCallback> out;
        for (const store::Command& command : batch.commands) {
            if (const auto* put = std::get_if<store::PutCallback>(&command)) {
                out.push_back(*put);
            }
        }
        return out;
    }

    store::Store& inner_;
    SimulatedTime& time_;
    std::function<void(const store::PutCallback&)> callback_listener_;
    Mutex mutex_;
    std::function<void()> listener_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
