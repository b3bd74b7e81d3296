// A store that tells simulated time of every commit under way.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/simulated_time.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// Thread: as Store. Borrows the time.
class CountedStore final : public store::Store {
  public:
    CountedStore(std::unique_ptr<store::Store> inner, SimulatedTime& time)
        : time_(time),
          inner_(std::move(inner)) {}

    // Called on the writer thread for each address of wait_for_callback that is durable. Set once,
    // before there are runs.
    void on_callback(std::function<void(const store::PutCallback&)> listener) {
        callback_listener_ = std::move(listener);
    }

    void submit(store::Batch batch, store::Completion done) override {
        time_.begin_work();
        auto callbacks = callbacks_of(batch);
        inner_->submit(
            std::move(batch),
            [this,
             callbacks = std::move(callbacks),
             done = std::move(done)](Result<std::vector<store::Outcome>> result) {
                if (result && callback_listener_) {
                    std::ranges::for_each(callbacks, callback_listener_);
                }
                done(std::move(result));
                time_.end_work();
            }
        );
    }

    store::Reader& reader() override { return inner_->reader(); }

    Counters counters() const override { return inner_->counters(); }

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

    SimulatedTime& time_;
    std::function<void(const store::PutCallback&)> callback_listener_;
    std::unique_ptr<store::Store> inner_;  // last: its writer thread ends before the rest goes
};

}  // namespace tideway::runtime
