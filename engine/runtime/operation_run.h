// One step that calls an operation: attempts, tokens, retries, deadline, and settling what is in
// doubt (DESIGN 5.3, 5.7). It decides nothing about the journal: it tells its listener.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/connector/authorizer.h"
#include "engine/connector/connections.h"
#include "engine/connector/connector.h"
#include "engine/connector/token_cache.h"
#include "engine/http/client.h"
#include "engine/model/journal_row.h"
#include "engine/model/retry_policy.h"
#include "engine/runtime/health/connection_gate.h"

namespace tideway::runtime {

// What every operation of a shard uses. Borrowed; outlives the runs.
struct OperationServices {
    Executor* executor = nullptr;  // the shard's
    http::Client* client = nullptr;
    connector::TokenCache* tokens = nullptr;
    const connector::Authorizer* authorizer = nullptr;
    ConnectionGate* gate = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::function<double()>
        random;  // [0,1): only for the spread of retries, never seen by a script
};

// A call that the service has taken and works on.
struct UnderwayCall {
    Json state;       // the connector's
    Timestamp began;  // the step
    Timestamp ask_at;
};

struct OperationStart {
    const model::ConnectorSpec* spec = nullptr;
    const model::OperationSpec* operation = nullptr;
    const connector::Connector* implementation = nullptr;
    std::shared_ptr<const connector::OpenConnection> connection;  // null: the connector needs none
    Json input;
    model::RetryPolicy retry;
    std::optional<Duration> time_limit;  // of all attempts together
    std::string idempotency_key;
    Timestamp intent_at;
    int attempts_before = 0;  // recorded by an earlier process
    // An earlier request of this effect may have left, at the latest then: settle or repeat, do not
    // just send.
    std::optional<Timestamp> may_have_left;
    ConnectionUser user;
    // The step has waited for its connection since then, and goes on waiting.
    std::optional<Timestamp> waiting_since;
    // Recorded by an earlier process: it is asked what has become of the call.
    std::optional<UnderwayCall> underway;
};

// A step that waits for its connection.
struct ConnectionPause {
    std::string why;
    Timestamp until;  // then the step gives up
    int attempt = 0;
    model::AttemptClass attempt_class = model::AttemptClass::kNotDone;
};

// Thread: the shard's. Callbacks come from the executor, never from inside start() or decide().
class OperationRun {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        // An attempt that did not end the step. `note` is {"code","message","next","wait_ms"};
        // where a service was asked, also "request" {"method","url"} and "answer"
        // {"status","details"}.
        virtual void on_attempt(
            OperationRun& run, int attempt, model::AttemptClass attempt_class, Payload note
        ) = 0;
        virtual void on_done(OperationRun& run, int attempt, connector::Done done) = 0;
        virtual void on_failed(OperationRun& run, int attempt, model::StepError error) = 0;
        // In doubt and cannot be settled: a person must decide.
        virtual void on_parked(OperationRun& run, int attempt, model::StepError error) = 0;
        // The connection is unavailable: nothing is sent until look_again() finds it back.
        virtual void on_connection_wait(OperationRun& run, ConnectionPause pause) = 0;
        // It may be used again: go_on() when that is recorded.
        virtual void on_connection_back(OperationRun& run) = 0;
        // The service works on it: nothing is sent until it is asked again.
        virtual void on_underway(OperationRun& run, const UnderwayCall& call) = 0;
        virtual void on_asking_again(OperationRun& run) = 0;
    };

    OperationRun(OperationServices& services, OperationStart start, Listener& listener);
    ~OperationRun();
    OperationRun(const OperationRun&) = delete;
    OperationRun& operator=(const OperationRun&) = delete;

    void start();

    // No further attempt is made: what is under way or in doubt is awaited, else the step fails
    // with `error`.
    void end_with(model::StepError error);

    // A person's decision on a parked effect to send it again with the same key.
    void repeat();

    // While it waits for its connection: asks whether it may go on now.
    void look_again();
    void go_on();

    const OperationStart& what() const { return start_; }

    int attempt() const { return attempt_; }

    // Since the attempt began that is under way, or was the last.
    Duration attempt_took() const;

    // A request that changes the outside world is under way, or in doubt.
    bool is_in_flight() const { return in_flight_; }

  private:
    enum class Phase { kAttempt, kProbe };

    void begin_attempt();
    void begin_probe();
    void on_underway(connector::Underway underway);
    void wait_underway();
    void ask_again();
    bool is_underway_effect() const;
    void take(connector::Turn turn);
    void send(connector::Send send);
    void send_authorized(connector::Send send, http::Request request);
    void on_exchange(const connector::Send& sent, http::Exchange result);
    void on_failure(connector::Failed failed);
    void on_probe_done(const connector::Done& done);
    void on_probe_failed(const connector::Failed& failed);
    void settle(const Error& error);
    void retry(const connector::Failed& failed, Blame blame);
    // True: it waits for the connection, and goes on with `next`.
    bool waits_for_connection(void (OperationRun::*next)());
    bool waits_after_failure(
        const Error& error, bool is_last, int attempts, void (OperationRun::*next)()
    );
    void wait_for_connection(std::string why, void (OperationRun::*next)());
    void give_up_waiting(const std::string& why);
    const std::string& connection_name() const;
    // The health of its connection decides whether it may send.
    bool is_guarded() const;
    void finish_failed(const Error& error);
    void finish_late();
    void park(const Error& error);
    const model::RepeatAnswer* already_done(const Error& error) const;
    connector::Call make_call() const;
    model::StepError step_error(const Error& error) const;
    std::optional<Duration> time_left() const;
    void note(
        model::AttemptClass attempt_class, const Error& error, std::string_view next, Duration wait
    );
    void after(Duration delay, void (OperationRun::*next)());

    OperationServices& services_;
    OperationStart start_;
    Listener& listener_;
    Phase phase_ = Phase::kAttempt;
    int attempt_ = 0;
    int retries_ = 0;
    int probes_ = 0;
    bool may_have_happened_ = false;
    bool in_flight_ = false;
    bool token_refreshed_ = false;
    bool effect_left_ = false;  // some byte of the effect's request of this attempt may have left
    Timestamp effect_left_at_;
    std::optional<Timestamp> attempt_at_;
    Json asked_;  // the last request that was not answered well
    std::optional<Timestamp> deadline_;
    std::optional<model::StepError> late_error_;  // why no further attempt is made
    void (OperationRun::*resume_)() = nullptr;    // what it does when the connection is back
    std::optional<Timestamp> paused_at_;
    bool is_back_ = false;  // told the listener; waits for go_on()
    std::unique_ptr<connector::Exchange> exchange_;
    std::unique_ptr<Timer> timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace tideway::runtime
