// Where a polling trigger stands in a list that a service sorts by time of change. Reading begins
// some minutes before the newest change that was seen, because services show changes late and out
// of order; what was seen in those minutes is remembered, so that it is new only once. Pure.
// Thread: any one.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace tideway::connector {

class Watermark {
  public:
    // How late a change may show. Dataverse's longest transaction is two minutes.
    static constexpr Duration kOverlap = std::chrono::minutes(5);

    // About how many changes are remembered: where more fall into the overlap, it gets shorter.
    static constexpr std::size_t kSeenMax = 10'000;

    // From the cursor of the last poll; null: there was none.
    explicit Watermark(const Json& cursor);

    // The first poll: what is there is seen, not new.
    bool is_first() const { return is_first_; }

    // Changes from here on are to be read; nothing: all there are.
    std::optional<Timestamp> since() const;

    bool is_seen(const std::string& id, const std::string& version) const;

    // A thing that was made since then, and not known before: its change is its creation.
    bool is_created(const std::string& id, std::optional<Timestamp> created) const;

    void see(const std::string& id, const std::string& version, Timestamp changed);

    // For the next poll.
    Json cursor() const;

  private:
    struct Seen {
        std::string version;
        Timestamp changed;
    };

    Timestamp next_since() const;

    bool is_first_ = true;
    std::optional<Timestamp> since_;
    std::optional<Timestamp> newest_;
    std::map<std::string, Seen> before_;  // the last poll's
    std::map<std::string, Seen> seen_;    // with this one's
};

}  // namespace tideway::connector
