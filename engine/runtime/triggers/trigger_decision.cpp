#include "engine/runtime/triggers/trigger_decision.h"

#include "engine/base/json.h"
#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

Result<Json> call(script::Vm& vm, std::string_view name, const Payload& event) {
    TIDEWAY_TRY_ASSIGN(const Payload value, vm.call_trigger_function(name, event));
    return parse_json(value.empty() ? "null" : value.view(), name);
}

// The canonical text of a key; absent for nil.
Result<std::optional<std::string>> read_key(
    script::Vm& vm, std::string_view function, const Payload& event
) {
    TIDEWAY_TRY_ASSIGN(const Json key, call(vm, function, event));
    if (key.is_null()) {
        return std::optional<std::string>();
    }
    return std::optional(key.is_string() ? key.get<std::string>() : dump(key));
}

Result<std::vector<Payload>> items_of(const Json& value) {
    std::vector<Payload> out;
    if (value.is_null()) {
        return out;
    }
    if (!value.is_array()) {
        return fail(
            ErrorKind::kScript,
            "SplitOnNotAList",
            "split_on gave no list but a value of type " + std::string(value.type_name()) + ".",
            "Return a list, or nil where there is nothing to split."
        );
    }
    if (static_cast<std::int64_t>(value.size()) > limits::kSplitOnItemsMax) {
        return fail(
            ErrorKind::kLimit,
            "SplitOnTooManyItems",
            "split_on gave " + std::to_string(value.size()) + " items; an event has at most " +
                std::to_string(limits::kSplitOnItemsMax) + ".",
            "Let the sender send less at once."
        );
    }
    out.reserve(value.size());
    for (const Json& item : value) {
        out.push_back(to_payload(item));
    }
    return out;
}

Status split(
    script::Vm& vm,
    const model::FlowDeclaration& declared,
    const Payload& event,
    TriggerDecision& decision
) {
    TIDEWAY_TRY_ASSIGN(const Json value, call(vm, "split_on", event));
    TIDEWAY_TRY_ASSIGN(const auto items, items_of(value));
    decision.items = items;
    if (static_cast<std::int64_t>(items.size()) > limits::kFanOutChunk) {
        return {};
    }
    for (const Payload& item : items) {
        decision.item_keys.push_back(read_keys(vm, declared, item));
    }
    return {};
}

}  // namespace

bool has_keys(const model::FlowDeclaration& declared) {
    return declared.has_one_at_a_time_by || declared.has_coalesce_by;
}

bool has_trigger_functions(const model::FlowDeclaration& declared) {
    return declared.has_condition || declared.has_dedupe_by || declared.has_split_on ||
           has_keys(declared);
}

Result<TriggerDecision> decide_trigger(
    script::Vm& vm, const model::FlowDeclaration& declared, const Payload& event
) {
    TriggerDecision decision;
    if (declared.has_condition) {
        TIDEWAY_TRY_ASSIGN(const Json met, call(vm, "condition", event));
        decision.is_met = !met.is_null() && met != Json(false);
    }
    if (!decision.is_met) {
        return decision;
    }
    if (declared.has_dedupe_by) {
        TIDEWAY_TRY_ASSIGN(decision.dedupe_key, read_key(vm, "dedupe_by", event));
    }
    if (declared.has_split_on) {
        TIDEWAY_TRY(split(vm, declared, event, decision));
        return decision;
    }
    TIDEWAY_TRY_ASSIGN(decision.keys, read_keys(vm, declared, event));
    return decision;
}

Result<RunKeys> read_keys(
    script::Vm& vm, const model::FlowDeclaration& declared, const Payload& event
) {
    RunKeys keys;
    if (declared.has_one_at_a_time_by) {
        TIDEWAY_TRY_ASSIGN(const auto key, read_key(vm, "one_at_a_time_by", event));
        keys.one_at_a_time = key.value_or("");
    }
    if (declared.has_coalesce_by) {
        TIDEWAY_TRY_ASSIGN(const auto key, read_key(vm, "coalesce_by", event));
        keys.coalesce = key.value_or("");
    }
    return keys;
}

}  // namespace tideway::runtime
