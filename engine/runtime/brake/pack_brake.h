// When the writes of one pack are held back: it has made more records in an hour, or changed more
// of the linked ones in ten minutes, than is expected of it. A state machine without I/O.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "engine/model/run.h"
#include "engine/runtime/environment/environment.h"

namespace tideway::runtime {

// One effect that is about to be sent, or was.
struct PackWrite {
    Timestamp at;
    model::RunId run = 0;
    std::string path;
    std::string record;  // connection, object and id; empty: not known, or it is about none
    bool creates = false;
};

// What must survive a restart.
struct BrakeState {
    std::optional<Timestamp> held_since;
    std::string reason;  // of a pack that is held
    std::optional<Timestamp> released_until;
};

std::string to_text(const BrakeState& state);
BrakeState parse_brake_state(std::string_view json);

// Thread: any one.
class PackBrake {
  public:
    explicit PackBrake(BrakeState state = {})
        : state_(std::move(state)) {}

    // False: it must wait. Else it is counted.
    bool ask(PackWrite write, const BrakeSettings& settings, Timestamp now);

    // Of an earlier process; oldest first.
    void remember(PackWrite write) { writes_.push_back(std::move(write)); }

    // It has not taken place after all.
    void withdraw(model::RunId run, std::string_view path);

    // How many records of the pack's connections the ledger knows.
    void set_linked(std::int64_t records) { linked_ = records; }

    // Everything that waits goes on, and nothing is counted until then; absent: counting begins
    // anew at once.
    void release(std::optional<Timestamp> until);

    const BrakeState& state() const { return state_; }

  private:
    std::string too_much(const PackWrite& write, const BrakeSettings& settings) const;

    BrakeState state_;
    std::deque<PackWrite> writes_;        // of the last hour, in order
    std::optional<std::int64_t> linked_;  // absent: not known yet
};

}  // namespace tideway::runtime
