// Activation: the address that a service calls where it keeps one for all.
#include <utility>

#include "engine/runtime/activation.h"

namespace tideway::runtime {
namespace {

std::string without_query(const std::string& url) {
    return url.substr(0, url.find('?'));
}

RegisteredAddress parse_registered(const std::optional<std::string>& kept) {
    const Json json = parse_json(kept.value_or("{}"), "registered").value_or(Json::object());
    RegisteredAddress out;
    out.url = string_or(json, "url");
    out.is_ours = bool_or(json, "is_ours", false);
    out.is_lost = bool_or(json, "is_lost", false);
    out.others = string_or(json, "others");
    return out;
}

std::string to_text(const RegisteredAddress& address) {
    return dump(Json{
        {"url", address.url},
        {"is_ours", address.is_ours},
        {"is_lost", address.is_lost},
        {"others", address.others}});
}

}  // namespace

Result<RegisteredAddress> Activation::registered_address_blocking(const FlowEntry& flow) {
    const auto trigger = find_trigger(*services_.registry, flow.published->declaration.trigger);
    const auto connection = trigger_connection(*flow.published);
    const Json settings = connection ? connection->settings : Json::object();
    auto exchange = trigger.implementation->registered_address(*trigger.spec, settings);
    if (!exchange) {
        return RegisteredAddress();
    }
    TIDEWAY_TRY_ASSIGN(
        const Json output,
        exchange_blocking(std::move(exchange), connection, *trigger.implementation)
    );
    TIDEWAY_TRY_ASSIGN(const TriggerAddress own, address_blocking(flow));
    const std::string key = "registered_address/" + std::to_string(flow.row.id);
    TIDEWAY_TRY_ASSIGN(const auto kept, services_.store->reader().meta(key));
    const RegisteredAddress before = parse_registered(kept);
    RegisteredAddress now = before;
    now.url = string_or(output, "url");
    now.is_ours = !now.url.empty() && without_query(now.url) == without_query(own.url);
    now.is_lost = !now.is_ours && (before.is_ours || before.is_lost || !now.url.empty());
    if (!now.is_ours && !now.url.empty()) {
        now.others = now.url;
    }
    if (to_text(now) != kept.value_or("")) {
        TIDEWAY_TRY(submit_blocking(*services_.store, {{store::SetMeta{key, to_text(now)}}}));
    }
    now.is_lost = now.is_lost && !is_polled(*trigger.spec);
    return now;
}

}  // namespace tideway::runtime
