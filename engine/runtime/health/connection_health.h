// Whether one connection can be used (DESIGN 5.7): counts what fails, keeps runs waiting while it
// is unavailable, lets one of them probe at a time, and lets them go in a growing number
// afterwards. A pure state machine: the caller brings the time and does what it is told.
//
//   connected --(failures)--> unavailable --(an answer)--> recovering --(nobody waits)--> connected
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/model/connection.h"
#include "engine/model/run.h"

namespace tideway::runtime {

// A step of a run that wants to use the connection.
struct ConnectionUser {
    model::RunId run = 0;
    std::string path;
    Timestamp event;  // when the run's event came: the freshest goes first

    friend bool operator==(const ConnectionUser& a, const ConnectionUser& b) {
        return a.run == b.run && a.path == b.path;
    }
};

// What a failed attempt says about the connection, not about the request.
enum class Blame {
    kNone,
    kUnreachable,  // no connection, 401 after renewal, 502, 503, or no credentials
    kNoAnswerYet,  // time-outs: a single request may be the cause
    kThrottled,    // 429, 509
};

Blame blame_of(const Error& error);
// The same for the status of an answer; an answer without blame means that the service is there.
Blame blame_of(int http_status);

// An attempt that failed with blame.
struct ConnectionFailure {
    ConnectionUser user;
    Error error;
    int attempts = 1;      // of this step in a row, this one included
    bool is_last = false;  // the step would not try again
};

// Thread: one at a time; the owner locks.
class ConnectionHealth {
  public:
    ConnectionHealth() = default;
    // With an outage that was stored before: probed at once.
    explicit ConnectionHealth(std::optional<model::Outage> restored, Timestamp now);

    // May this step send now? If not it waits: release() names it when it may.
    bool ask(const ConnectionUser& user, Timestamp now);

    // The service answered something that is no failure of the connection.
    void answered(Timestamp now);

    // True: the connection is unavailable (now or already), and the step should wait.
    bool failed(const ConnectionFailure& failure, Timestamp now);

    // The run has ended, or is not interested any more.
    void forget(model::RunId run);

    // Somebody has repaired something: the next probe is due.
    void probe_now(Timestamp now);

    // The steps that may go on now; each is named once.
    std::vector<ConnectionUser> release(Timestamp now);

    // When release() has something to say; absent: not before something else happens.
    std::optional<Timestamp> next_look() const;

    const std::optional<model::Outage>& outage() const { return outage_; }

    std::optional<Timestamp> next_probe() const;

    std::size_t waiting() const { return waiting_.size(); }

  private:
    struct WaitingRun {
        Timestamp event;
        std::set<std::string> paths;
    };

    struct Probe {
        ConnectionUser user;
        Timestamp given_up_at;
    };

    bool is_calm() const { return !outage_ && waiting_.empty(); }

    bool may_probe(Timestamp now) const;
    void open(const ConnectionFailure& failure, Timestamp now);
    void note_failed_probe(const Error& error, Timestamp now);
    void plan_probe(const Error& error, Timestamp now);
    std::vector<ConnectionUser> release_probe(Timestamp now);
    std::vector<ConnectionUser> release_ramp(Timestamp now);

    std::optional<model::Outage> outage_;
    int failures_ = 0;    // in a row
    int unanswered_ = 0;  // in a row, throttling left out
    std::map<model::RunId, WaitingRun> waiting_;
    std::map<model::RunId, int> probes_made_;
    std::set<model::RunId> let_go_;  // of this recovery: their next steps do not wait again
    std::optional<Probe> probe_;
    Timestamp next_probe_;
    Duration probe_interval_{0};
    Timestamp next_release_;
    int releases_ = 1;  // in the next second
};

}  // namespace tideway::runtime
