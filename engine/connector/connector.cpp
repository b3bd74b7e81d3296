#include "engine/connector/connector.h"

namespace tideway::connector {

std::unique_ptr<Exchange> Connector::probe(const Call& /*call*/) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::receive(
    const model::TriggerSpec& /*trigger*/, const Incoming& /*incoming*/
) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::subscribe(
    const model::TriggerSpec& /*trigger*/, const Subscription& /*subscription*/
) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::unsubscribe(
    const model::TriggerSpec& /*trigger*/, const Subscription& /*subscription*/
) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::registered_address(
    const model::TriggerSpec& /*trigger*/, const Json& /*settings*/
) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::poll(
    const model::TriggerSpec& /*trigger*/, const Poll& /*poll*/
) const {
    return nullptr;
}

std::unique_ptr<Exchange> Connector::test(const Json& /*settings*/) const {
    return nullptr;
}

int Connector::status_of(const http::Response& response) const {
    return response.status;
}

std::optional<Quota> Connector::quota(const http::Headers& /*headers*/) const {
    return std::nullopt;
}

http::NetworkPolicy Connector::network_policy(const Json& settings) const {
    http::NetworkPolicy policy;
    policy.allow_private = bool_or(settings, "allow_private_network", false);
    policy.allow_plain_http = bool_or(settings, "allow_plain_http", false);
    policy.ca_file = string_or(settings, "ca_file");
    return policy;
}

model::AttemptClass classify(int status, model::EffectClass effect) {
    if (status >= 200 && status < 400) {
        return model::AttemptClass::kDone;
    }
    const bool doubtful = status == 408 || status >= 500;
    if (doubtful && effect != model::EffectClass::kRead) {
        return model::AttemptClass::kInDoubt;
    }
    return model::AttemptClass::kNotDone;
}

}  // namespace tideway::connector
