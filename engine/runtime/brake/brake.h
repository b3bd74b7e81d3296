// Asked before the intent of an effect is written: holds the writes of a pack with "brake": true
// back that does more than is expected of it, until a person has said what is to become of them.
// Reads go on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/runtime/brake/pack_brake.h"
#include "engine/runtime/reader_pool.h"

namespace tideway::connector {
class Registry;
}

namespace tideway::runtime {

class FlowCatalog;

// An effect that waits for a person, before its intent.
struct HeldEffect {
    std::string why;
    std::optional<Timestamp> may_have_left;  // of an earlier request of the same effect
};

// A pack that waits for a person.
struct HeldPack {
    std::string pack;
    Timestamp since;
    std::string reason;
    std::vector<model::RunId> runs;  // that wait, as far as they have come there
};

// Of the ledger's row: what tells one record from another; empty: it is about none that is known.
std::string record_name(const model::EffectRecord& effect);

struct BrakeServices {
    store::Store* store = nullptr;
    ReaderPool* readers = nullptr;
    const FlowCatalog* catalog = nullptr;
    const Environment* environment = nullptr;
    const connector::Registry* registry = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
};

// Thread: any. `wake` is called on the executor's.
class Brake {
  public:
    using Wake = std::function<void(model::RunId, const std::string& path)>;

    explicit Brake(BrakeServices services)
        : services_(std::move(services)) {}

    // Takes over what an earlier process knew. Blocking; before start().
    Status restore();
    void start(Executor& executor, Wake wake);

    // After the executor's thread has ended.
    void stop() { timer_.reset(); }

    // Why this write of the pack must wait; absent: it is counted and may be sent. One that waits
    // is woken.
    std::optional<std::string> must_wait(const std::string& pack, PackWrite write);

    // It has not taken place.
    void withdraw(const std::string& pack, model::RunId run, const std::string& path);
    void forget(model::RunId run);

    std::vector<HeldPack> held() const;

    // A person's answer. What waits goes on, and the pack is not counted for limits::kBrakeReleased
    // or, with `kCountAnew`, from now on. Code "NothingHeld". Blocking.
    enum class Release { kForAWhile, kCountAnew };
    Status release_blocking(const std::string& pack, Release release);

    // Nothing is held by a brake that was switched off. Blocking.
    Status follow_settings_blocking();

  private:
    using Waiting = std::set<std::pair<model::RunId, std::string>>;

    struct Entry {
        PackBrake brake;
        Waiting waiting;
    };

    void count_linked();
    void take_linked(const std::map<std::string, std::int64_t>& of_connection);

    BrakeServices services_;
    Executor* executor_ = nullptr;
    Wake wake_;
    std::unique_ptr<Timer> timer_;  // the executor's thread
    mutable Mutex mutex_;
    std::map<std::string, Entry, std::less<>> packs_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
