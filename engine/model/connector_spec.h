// connector.json as types. One description per operation drives input checks, the Lua table, stubs,
// effect class, record identity, secrets and paging. The format: docs/connectors.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace tideway::model {

enum class EffectClass { kRead, kIdempotent, kOnce };
std::string_view to_string(EffectClass effect);  // "read", "idempotent", "once"

// An answer that means "it is done already" when the same request is repeated after a doubt.
struct RepeatAnswer {
    int status = 0;    // HTTP status: 412, 409, 404
    std::string code;  // the service's error code, or empty for any
    // How the result is then read: "probe", "ignore" (the output is null), or an operation id.
    std::string then;
};

struct OperationSpec {
    std::string id;       // "create_row"; the Lua function and the CLI word
    std::string title;    // "Add a new row"
    std::string summary;  // one sentence for hover and manual
    EffectClass effect = EffectClass::kRead;
    std::vector<RepeatAnswer> already_done;
    bool has_probe = false;          // the connector can look whether the effect took place
    Duration trust_absent_after{0};  // after the last byte left, "absent" is proof only then
    bool creates = false;  // makes a record: the checker wants a business key in field `key`
    Json input_schema;     // JSON Schema subset (model/schema.h); an object
    Json output_schema;
    std::string object;     // record identity: a literal ("referral") or "/pointer" into the input
    std::string record_id;  // "/pointer" into the input, or "output:/pointer"
    std::string fields;     // "/pointer" to the object of written fields, for the ledger
    std::string version;    // "output:/pointer" to etag or version
    std::vector<std::string> secret_fields;  // "/pointer"s into the input
    std::string audience;  // which token; a key of ConnectorSpec::audiences, or empty
    // Of an effect: the reading operation that tells what it would change; what that one requires
    // it takes from the input of this one. Or empty.
    std::string before;
};

struct TriggerSpec {
    std::string id;  // "referral_event"; trigger.<connector id>_<id> in Lua
    std::string title;
    std::string summary;
    std::string kind;           // "webhook" or "polling"
    Duration poll_interval{0};  // of polling, where the flow has no `recurrence`
    bool subscribes = false;    // turning the flow on registers the callback address at the service
    std::string caught_up_by;   // of a webhook: the polling trigger that finds what nothing brought
    bool is_registered = false;  // the service keeps one address for all, which can be looked at
    Json config_schema;          // of the table in the flow
    Json event_schema;           // of what run(event) gets
    // Where an event has the changed record: literals or pointers into the event, as for
    // operations. With them an echo of our own effect is recognised. Empty: the event does not say.
    std::string object;
    std::string record_id;
    std::string version;
    std::string fields;   // pointer to the record's current fields
    std::string watched;  // field of `config` that lists those which count; empty: all of them
};

struct ConnectorSpec {
    std::string id;
    std::string title;
    std::string summary;
    std::string status;                            // "stable", "preview"
    std::vector<std::string> auth;                 // "none", "oauth2", "basic", "api_key"
    std::map<std::string, std::string> audiences;  // name -> "{setting}" template of the resource
    Json oauth;  // endpoints and grants, templates over the settings (docs/connectors.md); or null
    std::vector<std::string> register_steps;  // what to set up on the other side, for people
    Json settings_schema;                     // of a connection's settings
    std::vector<OperationSpec> operations;
    std::vector<TriggerSpec> triggers;
    // A connection is an account of one service, which is there or not; false: it reaches any
    // address.
    bool is_one_service = true;
    std::string hash;  // of the file's bytes: 16 hex digits, it stands in every row of the journal

    const OperationSpec* operation(std::string_view operation_id) const;
    const TriggerSpec* trigger(std::string_view trigger_id) const;
};

// Checks everything that a program can check: an operation without an effect class, an idempotent
// one without `already_done`, a once one without probe or "park": true, is refused by name.
Result<ConnectorSpec> parse_connector_spec(std::string_view json);

}  // namespace tideway::model
