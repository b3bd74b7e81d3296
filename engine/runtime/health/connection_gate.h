// Asked before a step sends, told after. Keeps the health of every connection, wakes the runs that
// waited for one, and keeps in the store what must survive a restart (DESIGN 5.7).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/base/threading.h"
#include "engine/runtime/health/connection_budget.h"
#include "engine/runtime/health/connection_health.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// What people see of a connection.
struct ConnectionStatus {
    std::optional<model::Outage> outage;
    std::optional<Timestamp> next_probe;
    std::size_t waiting_runs = 0;
    model::ConnectionUse use;  // of today
    std::optional<connector::Quota> quota;
    std::optional<Timestamp> used_up_at;
    std::optional<DayLimit> limit;
};

// Thread: any. `wake` is called on the executor's.
class ConnectionGate {
  public:
    using Wake = std::function<void(model::RunId, const std::string& path)>;

    ConnectionGate(store::Store& store, const Clock& clock, Log& log)
        : store_(store),
          clock_(clock),
          log_(log) {}

    // Takes over what an earlier process knew. Before start().
    Status restore();
    void start(Executor& executor, Wake wake);
    // After the executor's thread has ended.
    void stop();

    // Why this step must wait; absent: it may send. A step that waits is woken.
    std::optional<std::string> must_wait(const std::string& connection, const ConnectionUser& user);

    // The service has answered, whatever it said.
    void note_answer(
        const std::string& connection, int http_status, const std::optional<connector::Quota>& quota
    );

    // The same of what no run has sent: a poll, a subscription, a test. It is only counted.
    void count_answer(
        const std::string& connection, int http_status, const std::optional<connector::Quota>& quota
    );

    // How many calls a day are allowed; nothing: no limit is known. Kept in the store; blocking.
    Status limit_blocking(const std::string& connection, std::optional<std::int64_t> calls_a_day);

    // True: the connection is unavailable, the step should ask and wait.
    bool failed(const std::string& connection, const ConnectionFailure& failure);

    void forget(model::RunId run);

    // Somebody has repaired something: a waiting run tries at once.
    void probe_now(const std::string& connection);

    ConnectionStatus status(std::string_view connection) const;

  private:
    struct Entry {
        ConnectionHealth health;
        ConnectionBudget budget;
        Timestamp stored_at;
    };

    void look();
    void look_soon();
    void store_entry(const std::string& connection, Entry& entry) TIDEWAY_REQUIRES(mutex_);
    Status restore_limits();

    store::Store& store_;
    const Clock& clock_;
    Log& log_;
    Executor* executor_ = nullptr;
    Wake wake_;
    std::unique_ptr<Timer> timer_;  // the executor's thread
    mutable Mutex mutex_;
    std::map<std::string, Entry, std::less<>> connections_ TIDEWAY_GUARDED_BY(mutex_);
    std::map<std::string, std::int64_t, std::less<>> limits_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::runtime
