#include "engine/runtime/activation.h"

#include <algorithm>
#include <future>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/runtime/environment/used_connections.h"
#include "engine/runtime/triggers/kept_subscription.h"
#include "engine/runtime/triggers/timed_trigger.h"

namespace tideway::runtime {

using connector::OpenConnection;

namespace {

constexpr Duration kRenewalLead = std::chrono::hours(24);

Error problem(std::string code, std::string message, std::string remedy) {
    Error error;
    error.kind = ErrorKind::kConflict;
    error.code = std::move(code);
    error.message = std::move(message);
    error.remedy = std::move(remedy);
    return error;
}

std::string full_name(const FlowEntry& flow) {
    return flow.row.pack + "/" + flow.row.name;
}

bool never_fires(const LoadedVersion& version, Timestamp now) {
    if (version.declaration.trigger != "recurrence") {
        return false;
    }
    const Timestamp anchor = model::anchor_of(*version.schedule, now);
    return model::next_firings(*version.schedule, anchor, now, 1).empty();
}

// Well before it ends, so that there is time to try again.
std::optional<Timestamp> renewal_of(const Json& subscription, Timestamp now) {
    const auto expires = parse_utc(string_or(subscription, "expires"));
    if (!expires) {
        return std::nullopt;
    }
    return *expires - std::min((*expires - now) / 4, kRenewalLead);
}

std::string_view connector_of(std::string_view trigger) {
    return trigger.substr(0, trigger.find('.'));
}

std::string name_of(const std::shared_ptr<const OpenConnection>& connection) {
    return connection ? connection->record.name : std::string();
}

// What a subscription of the flow, as it is published, depends on.
std::string subscription_rule(
    const FlowEntry& flow, const std::shared_ptr<const OpenConnection>& connection
) {
    const model::FlowDeclaration& declared = flow.published->declaration;
    return rule_of(declared.trigger, declared.trigger_config, name_of(connection));
}

std::shared_ptr<const SigningKeys> keys_of(const store::TriggerState& state) {
    return std::make_shared<const SigningKeys>(SigningKeys{state.primary_key, state.secondary_key});
}

}  // namespace

ConnectorTrigger find_trigger(const connector::Registry& registry, std::string_view trigger) {
    const auto dot = trigger.find('.');
    if (dot == std::string_view::npos) {
        return {};
    }
    ConnectorTrigger out;
    const auto* spec = registry.spec(trigger.substr(0, dot));
    out.spec = spec == nullptr ? nullptr : spec->trigger(trigger.substr(dot + 1));
    out.implementation = registry.implementation(trigger.substr(0, dot));
    return out;
}

std::vector<Error> Activation::problems(const FlowEntry& flow) const {
    std::vector<Error> out;
    if (!flow.published) {
        std::string message = "The flow '" + flow.row.name + "' has never been published.";
        if (!flow.problems.empty()) {
            const script::Finding& first = flow.problems.front();
            message += " " + first.file + ":" + std::to_string(first.line) + ": " + first.message;
        }
        out.push_back(problem(
            "WorkflowTriggerNotFound",
            std::move(message),
            "Correct its script; tideway flows show " + full_name(flow) + " lists what is wrong."
        ));
        return out;
    }
    if (never_fires(*flow.published, services_.clock->now())) {
        out.push_back(problem(
            "InvalidRecurrence",
            "The recurrence of '" + flow.row.name + "' names a day that never comes.",
            "Look at its `month_days`, `interval` and `start_time`."
        ));
    }
    for (UsedConnection& used :
         used_connections(flow, *services_.catalog, *services_.registry, *services_.connections)) {
        if (used.problem) {
            out.push_back(std::move(*used.problem));
        }
    }
    std::ranges::move(
        services_.catalog->variable_problems(*flow.published), std::back_inserter(out)
    );
    for (const std::string& child : flow.published->declaration.children) {
        const auto found = services_.catalog->child(*flow.published, child);
        if (!found) {
            out.push_back(problem(
                "ChildFlowNeverPublished",
                "The flow calls '" + child + "', which cannot be called: " + found.error().message,
                "Turn the child on first, or everything in the right order: tideway flows on --all"
            ));
        }
    }
    return out;
}

void Activation::add_order(const FlowEntry& flow, std::vector<std::string>& out) const {
    const std::string name = full_name(flow);
    if (std::ranges::find(out, name) != out.end() || out.size() > 1000) {
        return;
    }
    if (flow.published) {
        for (const std::string& child : flow.published->declaration.children) {
            const auto found = services_.catalog->flow(flow.row.pack + "/" + child);
            if (found && found->row.id != flow.row.id) {
                add_order(*found, out);
            }
        }
    }
    if (std::ranges::find(out, name) == out.end()) {
        out.push_back(name);
    }
}

std::vector<std::string> Activation::order(const FlowEntry& flow) const {
    std::vector<std::string> out;
    add_order(flow, out);
    return out;
}

std::vector<std::string> Activation::order_of_all() const {
    std::vector<std::string> out;
    for (const FlowEntry& flow : services_.catalog->flows()) {
        add_order(flow, out);
    }
    return out;
}

std::shared_ptr<const OpenConnection> Activation::trigger_connection(const LoadedVersion& version
) const {
    const std::string& trigger = version.declaration.trigger;
    const std::string_view connector = connector_of(trigger);
    std::string reference = version.declaration.trigger_connection;
    if (reference.empty()) {
        for (const PackReference& declared : services_.catalog->references(version.version.pack)) {
            if (declared.connector == connector) {
                reference = declared.name;
                break;
            }
        }
    }
    const auto binding = services_.catalog->binding(version.version.pack, reference);
    return binding ? services_.connections->get(binding->connection) : nullptr;
}

Result<std::shared_ptr<const OpenConnection>> Activation::connection_of_trigger(
    const FlowEntry& flow
) const {
    auto found = trigger_connection(*flow.published);
    const std::string& trigger = flow.published->declaration.trigger;
    const auto* spec = services_.registry->spec(connector_of(trigger));
    if (!found && needs_connection(spec)) {
        return fail(problem(
            "ConnectionNotFound",
            "The trigger of '" + flow.row.name + "' has no connection.",
            "Make one, or name it: `connection` in the trigger's table."
        ));
    }
    return found;
}

Result<store::TriggerState> Activation::state_blocking(const FlowEntry& flow) {
    TIDEWAY_TRY_ASSIGN(auto found, services_.store->reader().trigger_state(flow.row.id));
    if (found && !found->primary_key.empty()) {
        return *found;
    }
    store::TriggerState state = found.value_or(store::TriggerState());
    state.flow_id = flow.row.id;
    state.primary_key = to_hex(random_bytes(32));
    state.secondary_key = to_hex(random_bytes(32));
    TIDEWAY_TRY(put_state_blocking(flow, state));
    return state;
}

Status Activation::put_state_blocking(const FlowEntry& flow, const store::TriggerState& state) {
    TIDEWAY_TRY(submit_blocking(*services_.store, {{store::PutTriggerState{state}}}));
    const Lock lock(mutex_);
    keys_[flow.row.id] = keys_of(state);
    return {};
}

std::shared_ptr<const SigningKeys> Activation::known_keys(model::FlowId flow) const {
    const Lock lock(mutex_);
    const auto it = keys_.find(flow);
    return it == keys_.end() ? nullptr : it->second;
}

Result<std::shared_ptr<const SigningKeys>> Activation::keys_blocking(const FlowEntry& flow) {
    // Read and kept under the lock: a key that is rotated meanwhile is put after what was read.
    const Lock lock(mutex_);
    TIDEWAY_TRY_ASSIGN(const auto state, services_.store->reader().trigger_state(flow.row.id));
    if (!state) {
        return std::shared_ptr<const SigningKeys>();
    }
    return keys_[flow.row.id] = keys_of(*state);
}

Result<KeyRotation> Activation::rotate_key_blocking(const FlowEntry& flow, SigningKey key) {
    TIDEWAY_TRY_ASSIGN(store::TriggerState state, state_blocking(flow));
    (key == SigningKey::kPrimary ? state.primary_key : state.secondary_key) =
        to_hex(random_bytes(32));
    TIDEWAY_TRY(put_state_blocking(flow, state));
    KeyRotation out;
    out.is_subscribed = !state.subscription.empty();
    if (out.is_subscribed) {
        // The old key is refused already, whatever the service says.
        if (auto told = keep_subscription_blocking(flow); !told) {
            out.not_told = std::move(told.error());
        }
    }
    return out;
}

Result<TriggerAddress> Activation::address_blocking(
    const FlowEntry& flow, const AddressWish& wish
) {
    TriggerAddress out;
    if (!flow.published) {
        return out;
    }
    const std::string& trigger = flow.published->declaration.trigger;
    const auto connector_trigger = find_trigger(*services_.registry, trigger);
    const bool is_webhook =
        connector_trigger.spec != nullptr && connector_trigger.spec->kind == "webhook";
    out.is_callable = trigger == "http_request" || is_webhook;
    if (!out.is_callable) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const store::TriggerState state, state_blocking(flow));
    TIDEWAY_TRY_ASSIGN(
        const std::string path, relative_path_of(flow.published->input, wish.relative_path)
    );
    const std::string& key =
        wish.key == SigningKey::kPrimary ? state.primary_key : state.secondary_key;
    out.url = services_.public_url + "/flows/" + flow.row.pack + "/" + flow.row.name + "/invoke" +
              path + "?" + signed_query(key, {flow.row.pack, flow.row.name}, wish.expires);
    return out;
}

Result<Json> Activation::exchange_blocking(
    std::unique_ptr<connector::Exchange> exchange,
    std::shared_ptr<const OpenConnection> connection,
    const connector::Connector& implementation
) {
    std::promise<ExchangeDriver::Outcome> promise;
    auto future = promise.get_future();
    const auto policy =
        implementation.network_policy(connection ? connection->settings : Json::object());
    services_.driver->drive(
        std::move(exchange),
        std::move(connection),
        policy,
        [&promise](ExchangeDriver::Outcome out) { promise.set_value(std::move(out)); }
    );
    ExchangeDriver::Outcome outcome = future.get();
    if (auto* failed = std::get_if<connector::Failed>(&outcome)) {
        return fail(std::move(failed->error));
    }
    const Payload& output = std::get<connector::Done>(outcome).output;
    return parse_json(output.empty() ? "null" : output.view(), "subscription");
}

// Its service is asked, and is not to call.
bool Activation::is_polled(const model::TriggerSpec& trigger) const {
    return !trigger.caught_up_by.empty() &&
           services_.environment->settings().events_come_by() == EventSource::kPolling;
}

Result<std::optional<Timestamp>> Activation::subscribe_blocking(const FlowEntry& flow) {
    const model::FlowDeclaration& declared = flow.published->declaration;
    TIDEWAY_TRY_ASSIGN(store::TriggerState kept, state_blocking(flow));
    TIDEWAY_TRY_ASSIGN(const KeptSubscription before, parse_subscription(kept.subscription));
    const auto connection = trigger_connection(*flow.published);
    const bool is_of_another =
        !before.trigger.empty() &&
        (before.trigger != declared.trigger || before.connection != name_of(connection));
    if (is_of_another) {
        TIDEWAY_TRY(unsubscribe_blocking(flow));
        return subscribe_blocking(flow);
    }
    const auto trigger = find_trigger(*services_.registry, declared.trigger);
    if (trigger.spec == nullptr || !trigger.spec->subscribes || is_polled(*trigger.spec)) {
        return std::optional<Timestamp>();
    }
    TIDEWAY_TRY(connection_of_trigger(flow));
    TIDEWAY_TRY_ASSIGN(const TriggerAddress address, address_blocking(flow));
    connector::Subscription subscription;
    TIDEWAY_TRY_ASSIGN(
        subscription.config, parse_json(declared.trigger_config.view(), "trigger config")
    );
    const std::string rule = subscription_rule(flow, connection);
    subscription.state = before.state;
    subscription.is_renewal = before.rule == rule && kept.subscribed_url == address.url;
    subscription.now = services_.clock->now();
    subscription.settings = connection ? connection->settings : Json::object();
    subscription.callback_url = address.url;
    subscription.flow = full_name(flow);
    auto exchange = trigger.implementation->subscribe(*trigger.spec, subscription);
    if (!exchange) {
        return std::optional<Timestamp>();
    }
    TIDEWAY_TRY_ASSIGN(
        const Json state,
        exchange_blocking(std::move(exchange), connection, *trigger.implementation)
    );
    kept.subscription =
        to_payload(KeptSubscription{declared.trigger, name_of(connection), rule, state});
    kept.subscribed_url = address.url;
    kept.renew_at = renewal_of(state, services_.clock->now());
    TIDEWAY_TRY(put_state_blocking(flow, kept));
    return kept.renew_at;
}

Result<std::optional<Timestamp>> Activation::keep_subscription_blocking(const FlowEntry& known) {
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, services_.catalog->flow(known.row.id));
    if (flow.row.state != model::FlowState::kOn || !flow.published) {
        return std::optional<Timestamp>();
    }
    const auto trigger = find_trigger(*services_.registry, flow.published->declaration.trigger);
    if (trigger.spec != nullptr && is_polled(*trigger.spec)) {
        TIDEWAY_TRY(unsubscribe_blocking(flow));
        return std::optional<Timestamp>();
    }
    TIDEWAY_TRY_ASSIGN(const store::TriggerState kept, state_blocking(flow));
    TIDEWAY_TRY_ASSIGN(const TriggerAddress address, address_blocking(flow));
    TIDEWAY_TRY_ASSIGN(const KeptSubscription subscription, parse_subscription(kept.subscription));
    const bool is_alive = !kept.renew_at || *kept.renew_at > services_.clock->now();
    const bool is_same =
        kept.subscribed_url == address.url &&
        subscription.rule == subscription_rule(flow, trigger_connection(*flow.published));
    if (!kept.subscription.empty() && is_same && is_alive) {
        return kept.renew_at;
    }
    return subscribe_blocking(flow);
}

// With the trigger and the connection that it was made with, whatever the flow has now.
Status Activation::unsubscribe_blocking(const FlowEntry& flow) {
    if (!flow.published) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(store::TriggerState kept, state_blocking(flow));
    if (kept.subscription.empty()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const KeptSubscription made, parse_subscription(kept.subscription));
    const bool is_told = !made.trigger.empty();
    const std::string& name = is_told ? made.trigger : flow.published->declaration.trigger;
    const auto connection =
        is_told ? services_.connections->get(made.connection) : trigger_connection(*flow.published);
    const auto trigger = find_trigger(*services_.registry, name);
    const bool can_ask =
        trigger.spec != nullptr && trigger.implementation != nullptr &&
        (connection || !needs_connection(services_.registry->spec(connector_of(name))));
    if (can_ask) {
        connector::Subscription subscription;
        subscription.settings = connection ? connection->settings : Json::object();
        subscription.flow = full_name(flow);
        subscription.now = services_.clock->now();
        subscription.state = made.state;
        if (auto exchange = trigger.implementation->unsubscribe(*trigger.spec, subscription)) {
            TIDEWAY_TRY(exchange_blocking(std::move(exchange), connection, *trigger.implementation)
            );
        }
    }
    kept.subscription = {};
    kept.subscribed_url.clear();
    kept.renew_at.reset();
    TIDEWAY_TRY(put_state_blocking(flow, kept));
    return {};
}

// What was due while the flow was off is no downtime: the recurrence begins anew. A polling trigger
// goes on from where it was, as Power Automate's do.
Status Activation::forget_recurrence_blocking(const FlowEntry& flow) {
    if (flow.published->declaration.trigger != "recurrence") {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const store::TriggerState state, state_blocking(flow));
    TIDEWAY_TRY(submit_blocking(
        *services_.store, {{store::MoveCursor{flow.row.id, state.cursor, Payload()}}}
    ));
    return {};
}

Status Activation::turn_on_blocking(const FlowEntry& flow) {
    std::vector<Error> found = problems(flow);
    if (!found.empty()) {
        Json details = {{"problems", Json::array()}, {"order", order(flow)}};
        for (const Error& error : found) {
            details["problems"].push_back(
                {{"code", error.code}, {"message", error.message}, {"remedy", error.remedy}}
            );
        }
        Error first = std::move(found.front());
        first.details = dump(details);
        return fail(std::move(first));
    }
    TIDEWAY_TRY(state_blocking(flow));
    // On first, then subscribed: an event may arrive before the subscription's answer.
    if (flow.row.state != model::FlowState::kOn) {
        TIDEWAY_TRY(forget_recurrence_blocking(flow));
    }
    TIDEWAY_TRY(services_.catalog->set_state(flow.row.id, model::FlowState::kOn, {}));
    if (auto subscribed = subscribe_blocking(flow); !subscribed) {
        TIDEWAY_TRY(services_.catalog->set_state(
            flow.row.id, model::FlowState::kOff, subscribed.error().message
        ));
        return fail(std::move(subscribed.error()));
    }
    return {};
}

Status Activation::turn_off_blocking(const FlowEntry& flow) {
    TIDEWAY_TRY(services_.catalog->set_state(flow.row.id, model::FlowState::kOff, {}));
    return unsubscribe_blocking(flow);
}

Status Activation::trigger_failed_blocking(const FlowEntry& known, const Error& error) {
    const Timestamp now = services_.clock->now();
    TIDEWAY_TRY(submit_blocking(*services_.store, {{store::NoteTriggerFailing{known.row.id, now}}})
    );
    TIDEWAY_TRY_ASSIGN(const FlowEntry flow, services_.catalog->flow(known.row.id));
    TIDEWAY_TRY_ASSIGN(const auto state, services_.store->reader().trigger_state(flow.row.id));
    const Timestamp since = state ? state->failing_since.value_or(now) : now;
    if (flow.row.state != model::FlowState::kOn || now - since < limits::kTriggerFailingMax) {
        return {};
    }
    std::string reason = "AlwaysFailingDetected: Its trigger has failed since " +
                         format_utc(since) + ": " + error.message;
    services_.log->warning("a flow is suspended", {{"flow", full_name(flow)}, {"reason", reason}});
    return services_.catalog->set_state(
        flow.row.id, model::FlowState::kSuspended, std::move(reason)
    );
}

Status Activation::trigger_works_blocking(const FlowEntry& flow) {
    TIDEWAY_TRY_ASSIGN(const auto state, services_.store->reader().trigger_state(flow.row.id));
    if (!state || !state->failing_since) {
        return {};
    }
    TIDEWAY_TRY(
        submit_blocking(*services_.store, {{store::NoteTriggerFailing{flow.row.id, std::nullopt}}})
    );
    return {};
}

}  // namespace tideway::runtime
