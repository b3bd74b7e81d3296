// Callback registrations at work: matches saved rows with registrations and posts them to their
// addresses, late, twice or out of order when asked. Thread: the sandbox's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/dataverse/sandbox_database.h"
#include "engine/base/clock.h"
#include "engine/base/loop.h"
#include "engine/http/client.h"

namespace tideway::connectors::dataverse::sandbox {

// How deliveries misbehave; all of it can be combined.
struct Lag {
    Duration delay{0};        // before the first attempt
    int duplicates = 0;       // further copies of each delivery
    int lose = 0;             // so many of the next ones are never made
    std::size_t reorder = 0;  // this many are collected and sent last first; 0 or 1: in order
    bool paused = false;      // nothing is sent until it is false again
    int attempts = 5;         // until a delivery is given up
    Duration retry_after = std::chrono::milliseconds(500);  // doubles with every attempt

    Json to_json() const;
    // Fields that are absent keep their value. 400 for one that does not fit.
    Outcome<void> change(const Json& fields);
};

class Callbacks {
  public:
    Callbacks(Loop& loop, http::Client& client, const Database& database, const Clock& clock);
    ~Callbacks();
    Callbacks(const Callbacks&) = delete;
    Callbacks& operator=(const Callbacks&) = delete;

    // One delivery per change and matching registration; nothing is merged.
    void on_changes(const std::vector<RowChange>& changes, const std::string& root);

    const Lag& lag() const { return lag_; }

    Outcome<void> change_lag(const Json& fields);

    // [{"id","registration","message","table","row","state","attempts","status","error","at"}]
    Json deliveries() const;
    std::size_t pending() const;
    void clear();  // forgets the log and what was not sent yet

  private:
    struct Delivery {
        std::int64_t id = 0;
        std::string registration;
        std::string url;
        std::string table;
        std::string row_id;
        std::string message;
        std::string body;
        std::string state = "waiting";  // "waiting", "delivered", "failed"
        std::string error;
        Timestamp at;
        int attempts = 0;
        int status = 0;
    };

    void enqueue(Delivery delivery);
    void release_held();
    void schedule(std::int64_t id, Duration delay);
    void attempt(std::int64_t id);
    void finish(std::int64_t id, const http::Exchange& exchange);

    Loop& loop_;
    http::Client& client_;
    const Database& database_;
    const Clock& clock_;
    Lag lag_;
    std::map<std::int64_t, Delivery> deliveries_;
    std::deque<std::int64_t> held_;
    std::map<std::int64_t, std::unique_ptr<Timer>> timers_;
    std::unique_ptr<Timer> flush_;
    std::int64_t next_id_ = 1;
    std::shared_ptr<Callbacks*> self_;  // answers that come after the end find null
};

}  // namespace tideway::connectors::dataverse::sandbox
