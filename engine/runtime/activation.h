// Turning flows on and off: every problem is named at once with its remedy, subscriptions are made
// at the service when a flow goes on and removed when it goes off.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/log.h"
#include "engine/base/threading.h"
#include "engine/runtime/environment/environment.h"
#include "engine/runtime/exchange_driver.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/triggers/signed_address.h"

namespace tideway::runtime {

// The address at which a flow's trigger is called. Signed; rotated by key.
struct TriggerAddress {
    std::string url;
    bool is_callable = false;  // manual, recurrence and child flows have none
};

// The address that a service calls, where it keeps one for all programs of a customer.
struct RegisteredAddress {
    std::string url;       // now; empty: none
    bool is_ours = false;  // it is that of the flow
    bool is_lost = false;  // it should be, and is not
    std::string others;    // the last that was not ours, to be registered again; or empty
};

// What came of a new key, besides that addresses signed with the old one are refused.
struct KeyRotation {
    bool is_subscribed = false;       // the flow's service knows its address
    std::optional<Error> not_told{};  // why that service could not be told the new one
};

struct ActivationServices {
    store::Store* store = nullptr;
    FlowCatalog* catalog = nullptr;
    const connector::Registry* registry = nullptr;
    const connector::Connections* connections = nullptr;
    ExchangeDriver* driver = nullptr;
    const Environment* environment = nullptr;
    const Clock* clock = nullptr;
    Log* log = nullptr;
    std::string public_url;  // without a slash at the end
};

// Thread: any; blocking functions say so and must not be called on the driver's thread.
class Activation {
  public:
    explicit Activation(ActivationServices services)
        : services_(std::move(services)) {}

    // Everything that keeps the flow from being turned on; empty: nothing.
    std::vector<Error> problems(const FlowEntry& flow) const;

    // The flows that must be on first, children before parents, then the flow itself.
    std::vector<std::string> order(const FlowEntry& flow) const;
    std::vector<std::string> order_of_all() const;

    // Blocking. The first problem is the error; its details hold {"problems":[...],"order":[...]}.
    Status turn_on_blocking(const FlowEntry& flow);
    Status turn_off_blocking(const FlowEntry& flow);

    // Blocking. The trigger of a flow that is on failed, or works. One that has failed for
    // limits::kTriggerFailingMax suspends its flow (AlwaysFailingDetected).
    Status trigger_failed_blocking(const FlowEntry& flow, const Error& error);
    Status trigger_works_blocking(const FlowEntry& flow);

    // Blocking. Subscribes a flow that is on again where its subscription is missing, ends soon or
    // names another address; where events come by polling, ends the one that there is. When to look
    // again; nothing: it does not end by itself.
    Result<std::optional<Timestamp>> keep_subscription_blocking(const FlowEntry& flow);

    // Blocking. Asks the service which address it calls, and keeps another's
    // (triggers/registered_address.cpp).
    Result<RegisteredAddress> registered_address_blocking(const FlowEntry& flow);

    // Blocking. Makes the flow's keys when it has none.
    Result<TriggerAddress> address_blocking(const FlowEntry& flow, const AddressWish& wish = {});
    // A subscription of the flow is told the new address.
    Result<KeyRotation> rotate_key_blocking(const FlowEntry& flow, SigningKey key);

    // From memory, without blocking; null: not read yet, or the flow has no keys.
    std::shared_ptr<const SigningKeys> known_keys(model::FlowId flow) const;
    // Blocking: reads them when they are not in memory. Null: the flow has no keys.
    Result<std::shared_ptr<const SigningKeys>> keys_blocking(const FlowEntry& flow);

    // The connection that a connector's trigger uses, or null.
    std::shared_ptr<const connector::OpenConnection> trigger_connection(const LoadedVersion& version
    ) const;
    // The same for asking its service: null only where the connector needs none.
    Result<std::shared_ptr<const connector::OpenConnection>> connection_of_trigger(
        const FlowEntry& flow
    ) const;

  private:
    Result<store::TriggerState> state_blocking(const FlowEntry& flow);
    Status put_state_blocking(const FlowEntry& flow, const store::TriggerState& state);
    Result<Json> exchange_blocking(
        std::unique_ptr<connector::Exchange> exchange,
        std::shared_ptr<const connector::OpenConnection> connection,
        const connector::Connector& implementation
    );
    // Replaces the subscription that there is. When it has to be renewed.
    Result<std::optional<Timestamp>> subscribe_blocking(const FlowEntry& flow);
    Status unsubscribe_blocking(const FlowEntry& flow);
    bool is_polled(const model::TriggerSpec& trigger) const;
    Status forget_recurrence_blocking(const FlowEntry& flow);
    void add_order(const FlowEntry& flow, std::vector<std::string>& out) const;

    ActivationServices services_;
    mutable Mutex mutex_;
    std::map<model::FlowId, std::shared_ptr<const SigningKeys>> keys_ TIDEWAY_GUARDED_BY(mutex_);
};

// "<connector id>.<trigger id>" -> spec and implementation; nulls for built-in triggers.
struct ConnectorTrigger {
    const model::TriggerSpec* spec = nullptr;
    const connector::Connector* implementation = nullptr;
};

ConnectorTrigger find_trigger(const connector::Registry& registry, std::string_view trigger);

}  // namespace tideway::runtime
