// Makes the runs of split events that are too large for one commit: item after item in pieces, each
// in one commit with how far the event is. What is not done when the process dies goes on at the
// next start.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/store/store.h"

namespace tideway::runtime {

struct FanOutServices {
    store::Store* store = nullptr;
    Executor* executor = nullptr;  // its thread
    Log* log = nullptr;
    // The event and run of one item.
    std::function<store::Admit(const store::FanOutRow& event, const Payload& item)> make;
    // Starts a run that was committed just now.
    std::function<void(store::Admit admit, const store::Outcome& outcome)> adopt;
    // Starts a run that waited for its turn until all items had their places.
    std::function<void(model::RunId run)> dispatch;
    // False: too many runs are in memory already.
    std::function<bool()> has_room;
};

// Thread: begin() from any; everything else on the executor's.
class FanOut {
  public:
    explicit FanOut(FanOutServices services)
        : services_(std::move(services)) {}

    // `items` are all of the event's, also those that have runs.
    void begin(store::FanOutRow event, std::vector<Payload> items);

  private:
    struct Job {
        store::FanOutRow event;
        std::vector<Payload> items;
        std::unique_ptr<Timer> timer;
    };

    void go_on(model::EventId event);
    void go_on_later(model::EventId event, Duration delay);
    void committed(
        model::EventId event,
        std::vector<store::Admit> admits,
        Result<std::vector<store::Outcome>> result
    );

    FanOutServices services_;
    std::map<model::EventId, Job> jobs_;
};

// The items of a stored split event, as they were kept.
Result<std::vector<Payload>> items_of_fan_out(store::Reader& reader, model::EventId event);

// How items are kept.
Payload join_items(const std::vector<Payload>& items);

}  // namespace tideway::runtime
