// A trigger that acts by itself when its time has come: a recurrence, a poll, the renewal of a
// subscription. Made and called by TriggerTimers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/loop.h"
#include "engine/runtime/activation.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::connector {
class Registry;
}

namespace tideway::runtime {

class Environment;
class ExchangeDriver;
class Runtime;

// What people see of it.
struct TriggerStatus {
    std::optional<Timestamp> next;  // when it acts; absent: never, or it is acting
    std::optional<Timestamp> last;  // when it acted
    int failures = 0;               // in a row
    std::optional<Error> error;     // of the last of them
    std::optional<RegisteredAddress> registered{};
};

struct TriggerServices {
    Executor* executor = nullptr;  // the triggers' thread; also that of `driver`
    Executor* desk = nullptr;      // a thread that may block
    Runtime* runtime = nullptr;
    FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    Activation* activation = nullptr;
    const Environment* environment = nullptr;
    ExchangeDriver* driver = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::function<void()> rearm{};  // called when `due` of a trigger may have changed
};

// Thread: the executor's.
class TimedTrigger : public std::enable_shared_from_this<TimedTrigger> {
  public:
    // Only a trigger that brings events suspends its flow when it fails for too long.
    enum class Duty { kBringsEvents, kLooksAfter };

    TimedTrigger(
        const TriggerServices& services, const FlowEntry& flow, Duty duty = Duty::kBringsEvents
    )
        : services_(services),
          flow_(flow),
          duty_(duty),
          may_be_noted_(duty == Duty::kBringsEvents) {}

    virtual ~TimedTrigger() = default;
    TimedTrigger(const TimedTrigger&) = delete;
    TimedTrigger& operator=(const TimedTrigger&) = delete;

    // Once, after construction: reads where it stands.
    virtual void start() = 0;
    // Called when status().next has come.
    virtual void act(Timestamp now) = 0;

    const TriggerStatus& status() const { return status_; }

    const FlowEntry& flow() const { return flow_; }

  protected:
    // `then` on the executor's thread, unless the trigger is gone by then.
    template <typename Value, typename Self>
    std::function<void(Value)> back(void (Self::*then)(Value)) {
        std::weak_ptr<TimedTrigger> weak = weak_from_this();
        Executor* executor = services_.executor;
        return [weak, executor, then](Value value) {
            auto kept = std::make_shared<Value>(std::move(value));
            executor->post([weak, then, kept] {
                if (const auto self = weak.lock()) {
                    (static_cast<Self*>(self.get())->*then)(std::move(*kept));
                }
            });
        };
    }

    void wait_until(std::optional<Timestamp> next) {
        status_.next = next;
        services_.rearm();
    }

    void succeeded();

    // Notes it, tells the first failure of its kind, and waits: `wait`, doubled with each failure
    // up to `longest`.
    void failed(Error error, Duration wait, Duration longest);

    const TriggerServices& services_;
    FlowEntry flow_;
    TriggerStatus status_;

  private:
    void note_failure(const Error& error);

    const Duty duty_;
    bool may_be_noted_;  // that it fails, in the store; also by an earlier process
};

// A digest of what a trigger's place depends on.
std::string rule_of(std::string_view trigger, const Payload& config, std::string_view connection);

}  // namespace tideway::runtime
