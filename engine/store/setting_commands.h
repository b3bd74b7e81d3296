// Commands about what administrators set; part of commands.h.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/model/connection.h"
#include "engine/model/run.h"

namespace tideway::store {

struct PutConnection {
    model::ConnectionRecord connection;  // by name: inserted or replaced
};

struct DeleteConnection {
    std::string name;
};

struct PutConnectionHealth {
    model::ConnectionHealthRecord health;  // by connection: inserted or replaced
};

// Which connection a pack's connection reference means in this environment.
struct BindReference {
    std::string pack;
    std::string reference;
    std::string connection;
};

struct Variable {
    std::string pack;
    std::string name;
    std::string type;  // "String", "Number", "Yes/No", "JSON", "Secret"
    Payload value;     // JSON; for Secret a string of sealed bytes in base64
    std::string description;
};

struct PutVariable {
    Variable variable;
};

struct ApiToken {
    std::string name;  // the person
    std::string role;  // "admin", "operator", "viewer", "run-only"
    std::string hash;  // sha256 of the token, hex
    std::optional<Timestamp> expires;
    Timestamp created;
    Payload flows{};             // of run-only: JSON array of "pack/flow"; or empty
    bool sees_contents = false;  // of run-only: what its runs give back, too
};

struct PutToken {
    ApiToken token;
};

struct DeleteToken {
    std::string name;
};

struct SetMeta {
    std::string key;  // "environment", "mode", "public_url" ...
    std::string value;
};

// How long history is kept.
struct SetRetention {
    enum class Of { kEnvironment, kFlow, kLedger };

    Of of = Of::kEnvironment;
    model::FlowId flow_id = 0;  // of kFlow
    std::optional<int> days;    // absent: what holds without a setting
};

// An administrative act with its person.
struct AddAudit {
    Timestamp at;
    std::string person;
    std::string act;     // "flows.on"
    std::string object;  // "co_sell_dynamics365/partner_center_to_dynamics365"
    Payload before;
    Payload after;
};

}  // namespace tideway::store
