// Idempotency keys, field hashes of the ledger, and fingerprints of failures. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/uid.h"
#include "engine/model/connector_spec.h"
#include "engine/model/journal_row.h"

namespace tideway::runtime {

struct EffectIdentity {
    std::string environment;
    std::string connection;
    std::string connector;
    Uid root_uid;  // first run of the lineage
    std::string path;
};

// 64 hex digits. With a business key (`input.key`) it is the same in every run and flow of the
// environment; without one it is bound to the lineage, the step and the canonical input.
// `input` is what `canonical_input` says.
std::string idempotency_key(
    const EffectIdentity& identity,
    const model::OperationSpec& operation,
    const Json& input,
    std::string_view canonical_input
);

// {"field": hash} of the object in `input` that the pointer `fields` names; empty without one. Line
// ends and the way in which numbers are written make no difference.
Payload field_hashes(std::string_view fields, const Json& input);

// A literal, "/pointer" into the input, or "output:/pointer"; empty text when there is nothing.
std::string resolve(std::string_view rule, const Json& input, const Json& output);

// Equal for failures with the same cause: flow, step without iterations, code, and the message with
// its numbers and ids taken out. 16 hex digits.
std::string fingerprint(std::string_view flow, const model::StepError& error);

}  // namespace tideway::runtime
