// What a referral may look like and become: fields, enumerations, required parts, the state
// machine, and JSON Patch with its allow-list. Pure functions on the wire form. Thread: any.
#pragma once

#include <optional>
#include <string_view>

#include "connectors/partner_center/sandbox_wire.h"

namespace tideway::connectors::partner_center::sandbox_parts {

// Refuses unknown fields, wrong types and unknown words of enumerations. null is allowed anywhere.
std::optional<ApiError> check_shape(const Json& referral);

// What a POST must carry. Microsoft's half needs no solution, but a customer contact for help.
std::optional<ApiError> check_new(const Json& referral);

// What holds for every stored referral: solutions of a shared deal, the country's two letters.
std::optional<ApiError> check_content(const Json& referral);

// A write that turns `before` into `after`: the terminal lock, the state machine, one-way consent.
std::optional<ApiError> check_change(const Json& before, const Json& after);

// Whether the target is Microsoft: the other half of a deal.
bool is_for_microsoft(const Json& referral);
bool is_closed(const Json& referral);

// The referral after a JSON Patch array. Only add and replace, only the documented paths; status
// and substatus come together.
Outcome<Json> apply_patch(const Json& referral, const Json& operations, Ticks now);

// The names that a client may not write; the service owns them.
bool is_server_owned(std::string_view field);
bool is_field(std::string_view name);  // a top-level name of a referral

}  // namespace tideway::connectors::partner_center::sandbox_parts
