// A CRM of the simulations: what its sellers do, what is there, and what the program wrote.
// Dynamics 365 and Salesforce in the same words.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/demo_world.h"
#include "engine/http/url.h"
#include "tests/support/must.h"

namespace tideway::sim {

using tests::must;

enum class DealState { kHold, kOpen, kWon, kLost };

inline bool is_closed(DealState state) {
    return state == DealState::kWon || state == DealState::kLost;
}

// What people edit of a deal, as one side has it.
struct DealFields {
    double value = 0;
    std::string notes;
    std::string closing_day;  // "2027-05-31"
    DealState state = DealState::kOpen;

    friend bool operator==(const DealFields&, const DealFields&) = default;

    std::string text() const {
        static constexpr const char* kStates[] = {"hold", "open", "won", "lost"};
        return std::to_string(value) + ", " + notes + ", " + closing_day + ", " +
               kStates[static_cast<std::size_t>(state)];
    }
};

struct Opportunity {
    std::string id;
    std::string referral;  // empty: none yet
    DealFields fields;
};

// A save of the program.
struct SyncWrite {
    enum class Kind { kCreate, kUpdate };
    Kind kind = Kind::kUpdate;
    std::string record;
    std::vector<std::string> changed;  // what has another value since
    bool carries = false;              // of these at least one is what people edit
    Timestamp at;
};

// How a CRM tells of changes; all off by default.
struct Mischief {
    Duration delay{0};
    int duplicates = 0;
    int lose = 0;  // of the next ones
    bool reorder = false;
};

inline bool changes_any_of(
    const std::vector<std::string>& changed, const std::vector<std::string>& fields
) {
    return std::ranges::find_first_of(changed, fields) != changed.end();
}

// Thread: the test's. Every call blocks, and ends the test when it cannot do its work.
class SimulatedCrm {
  public:
    explicit SimulatedCrm(app::DemoWorld& world)
        : world_(world) {}

    virtual ~SimulatedCrm() = default;
    SimulatedCrm(const SimulatedCrm&) = delete;
    SimulatedCrm& operator=(const SimulatedCrm&) = delete;

    // The API, without control.
    virtual std::string api_path() const = 0;
    virtual int port() = 0;

    // --- a seller
    // With Sync with Partner Center on; the id.
    virtual std::string create(const std::string& name, const DealFields& fields) = 0;
    // Value, notes and closing day.
    virtual void edit(const std::string& id, const DealFields& fields) = 0;
    virtual void move_to(const std::string& id, DealState state) = 0;

    // --- what is there
    virtual std::vector<Opportunity> opportunities() = 0;
    virtual DealFields fields_of(const std::string& id) = 0;

    // --- the program
    // Saves of opportunities since the last call.
    virtual std::vector<SyncWrite> take_writes() = 0;

    // --- trouble
    virtual void misbehave(const Mischief& mischief) = 0;
    virtual void add_fault(const Json& fault) = 0;
    virtual void mend() = 0;        // faults
    virtual bool is_telling() = 0;  // a notification is on its way

  protected:
    app::DemoWorld& world() { return world_; }

  private:
    app::DemoWorld& world_;
};

}  // namespace tideway::sim
