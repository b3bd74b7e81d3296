// The signature that makes a trigger address one that may be called. It is an HMAC-SHA256 over flow
// and end, with one of two keys of the flow, so that one can be exchanged while callers still use
// the other. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/runtime/triggers/trigger_input.h"

namespace tideway::runtime {

enum class SigningKey { kPrimary, kSecondary };

// Of one flow. Empty: none.
struct SigningKeys {
    std::string primary;
    std::string secondary;
};

struct AddressedFlow {
    std::string_view pack;
    std::string_view name;
};

// What somebody wants of an address.
struct AddressWish {
    SigningKey key = SigningKey::kPrimary;
    std::optional<Timestamp> expires{};  // absent: only with its key
    std::string relative_path{};         // "customer/42"; empty: as the trigger writes it
};

// "sp=..&sv=1.0&sig=..", with se=<end> when there is one.
std::string signed_query(
    std::string_view key, const AddressedFlow& flow, std::optional<Timestamp> expires
);

enum class Signature { kRight, kWrong, kExpired };

Signature check_signature(
    const SigningKeys& keys, const AddressedFlow& flow, std::string_view query, Timestamp now
);

// What stands behind /invoke, percent-encoded; empty when there is nothing. `wish` must fit the
// trigger's own path (code "TriggerPathNotFound"); without one its parameters stay in braces.
Result<std::string> relative_path_of(const TriggerInput& wanted, std::string_view wish);

}  // namespace tideway::runtime
