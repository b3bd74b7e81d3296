// A connection: a configured account of a connector, in one environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/payload.h"

namespace tideway::model {

struct ConnectionRecord {
    std::string name;       // "dynamics365"; what a pack's connection reference is bound to
    std::string connector;  // connector id
    Payload settings;       // JSON object, validated against the connector's settings schema
    std::string sealed;     // secrets, AES-256-GCM; opened by connector/secret_box.h only
    std::string owner;      // API token name of who made it
    std::string status = "Connected";  // "Connected", "Unavailable", "Broken"
    std::string status_reason;         // one sentence
    std::string grant;                 // "client_credentials", "authorization_code" ...
    std::optional<Timestamp> refresh_expires;
    std::optional<Timestamp> secret_expires;
    Timestamp created;
    Timestamp updated;
};

// Why and since when a connection cannot be used.
struct Outage {
    Timestamp since;
    std::string reason;  // the service's own message, and what to do
};

// What was sent over a connection on one day (UTC).
struct ConnectionUse {
    std::chrono::sys_days day;
    std::int64_t requests = 0;
    std::int64_t throttled = 0;  // answered with 429 or 509
};

// What the runtime knows of a connection's health; survives a restart.
struct ConnectionHealthRecord {
    std::string connection;
    std::optional<Outage> outage;
    ConnectionUse use;
};

}  // namespace tideway::model
