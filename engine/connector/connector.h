// The SDK that connectors are written against. A connector describes HTTP exchanges by small state
// machines without I/O; the runtime sends, retries, authorises and records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/payload.h"
#include "engine/http/client.h"
#include "engine/http/message.h"
#include "engine/model/connector_spec.h"
#include "engine/model/journal_row.h"

namespace tideway::connector {

// Send this, then come back with the answer.
struct Send {
    http::Request request;   // absolute URL; no Authorization: the runtime adds it
    std::string audience;    // key of ConnectorSpec::audiences; empty: no token
    bool is_effect = false;  // this request is the one that changes the outside world
};

struct RecordRef {
    std::string object;
    std::string id;
    std::string version;  // etag or version number
};

struct Done {
    Payload output;
    RecordRef record;  // for the ledger, where the spec's pointers do not say it
};

struct Failed {
    Error error;  // code: the status name ("NotFound"); message: the service's own
    model::AttemptClass attempt_class = model::AttemptClass::kNotDone;
};

// The service has taken the call and works on it. It is asked again after `wait`, by another
// exchange, which gets `state` in Call::underway; the state is durable before that, and the run may
// leave memory meanwhile. Only of operations.
struct Underway {
    Json state;  // not null
    Duration wait{0};
};

using Turn = std::variant<Send, Done, Failed, Underway>;

// One attempt of an operation (or a probe, a subscription ...): pure, no I/O, no clock.
// Thread: the shard's.
class Exchange {
  public:
    virtual ~Exchange() = default;
    virtual Turn begin() = 0;                                      // called once, first
    virtual Turn on_response(const http::Response& response) = 0;  // after each Send
};

// What an operation is called with.
struct Call {
    const model::OperationSpec* operation = nullptr;
    Json input;                   // checked against the schema, secret fields already in place
    Json settings;                // of the connection
    std::string idempotency_key;  // 64 hex digits; empty for reads
    Timestamp intent_at;          // when the intent was made durable; probes page back to it
    Timestamp now;
    bool is_repeat = false;  // an earlier attempt of this very step may have taken effect
    Json underway;           // what Underway said last; the call itself is not sent again
};

// What a probe found out. In `Done` of a probe exchange the output is
// {"found": bool, "output": <what the operation would have returned>}.
//
// What arrived at a trigger address, and what became of it.
struct Incoming {
    http::Headers headers;
    std::string method;
    std::string query;
    std::string body;
    Json config;    // of the trigger, as the author wrote it
    Json settings;  // of its connection
    Timestamp now;  // certificates are checked against it
};

// In `Done` of a receive exchange the output is {"events":[{"event":..., "dedupe_key": text or
// null, "change": {"record", "version", "state"} or null}]}: the poll that catches up with the
// trigger says the same of the same change. `state`: what the trigger watches holds, where it does
// not watch everything; two changes with the same are none. A Failed answers the caller with
// error.http_status and leaves a refused event.

// One look of a polling trigger.
struct Poll {
    Json config;    // of the trigger, as the author wrote it
    Json settings;  // of its connection
    Json cursor;    // what the last poll's Done returned; null: there was none
    Timestamp now;
    std::size_t events_max = 0;
};

// In `Done` of a poll exchange the output is {"events":[{"event":..., "dedupe_key": text or null,
// "change": as of receive}], "cursor": ..., "has_more": bool}: the events between two cursors, and
// whether there are more right now. Without a cursor it takes what is there as known: no events,
// only where to go on from. What the service says of the time of the next poll: "next_in_s",
// seconds, instead of the flow's recurrence; "not_before_s", where the recurrence would be sooner.

// In `Done` of a subscribe exchange the output is the state to keep; "expires" in it, an ISO 8601
// time, says when it ends unless it is renewed by subscribing again.
struct Subscription {
    Json config;
    Json settings;
    std::string callback_url;
    std::string flow;  // name, for the service's own list
    Json state;        // what subscribe's Done returned, or null; subscribing again replaces it
    bool is_renewal = false;  // address, table and connection are those that `state` was made with
    Timestamp now;
};

// What a service says is left of what it allows, in the headers of an answer.
struct Quota {
    std::string what;  // "requests in 5 minutes"
    std::int64_t remaining = 0;
    Duration window{0};      // after which what was used is given back
    std::int64_t limit = 0;  // of the window; 0: the service does not say
};

// One per connector, made once. Thread: any, so implementations are stateless or locked.
class Connector {
  public:
    virtual ~Connector() = default;

    virtual std::unique_ptr<Exchange> start(const Call& call) const = 0;

    // Looks whether the effect of `call` took place; null when the spec names no probe.
    virtual std::unique_ptr<Exchange> probe(const Call& call) const;

    // Checks and reads what arrived (signature, schema). Null: the event is the request, as that of
    // trigger.http_request, and a flow that responds answers it.
    virtual std::unique_ptr<Exchange> receive(
        const model::TriggerSpec& trigger, const Incoming& incoming
    ) const;

    virtual std::unique_ptr<Exchange> subscribe(
        const model::TriggerSpec& trigger, const Subscription& subscription
    ) const;
    virtual std::unique_ptr<Exchange> unsubscribe(
        const model::TriggerSpec& trigger, const Subscription& subscription
    ) const;

    // Looks which address the service calls now, where it keeps one for all ("registered" in the
    // spec): Done's output is {"url": text}, empty when there is none. Null: it cannot be looked
    // at.
    virtual std::unique_ptr<Exchange> registered_address(
        const model::TriggerSpec& trigger, const Json& settings
    ) const;

    // Null: the trigger does not poll.
    virtual std::unique_ptr<Exchange> poll(const model::TriggerSpec& trigger, const Poll& poll)
        const;

    // Reads without writing until every right that the connector needs was tried; Done's output is
    // {"checks":[{"what":..,"ok":bool,"message":..}]}. Null: nothing to test.
    virtual std::unique_ptr<Exchange> test(const Json& settings) const;

    // The HTTP status that an answer stands for, where the service says it with another one: "no
    // requests are left" with 403.
    virtual int status_of(const http::Response& response) const;

    // Absent: the answer does not say.
    virtual std::optional<Quota> quota(const http::Headers& headers) const;

    // Which addresses this connection may reach.
    virtual http::NetworkPolicy network_policy(const Json& settings) const;
};

// The class of an answer that has arrived whole: 2xx done; 408 and 5xx in doubt for effects; 429
// and other 4xx not done.
model::AttemptClass classify(int status, model::EffectClass effect);

// {"error":{"code","message"}} and the other envelopes of Microsoft's services, else the body's
// start. Sets kind, code (status name), http_status, retry_after and details {statusCode, headers,
// body, serviceCode}.
Error service_error(const http::Response& response, Timestamp now);

// The service's own code in such an Error ("0x80040237", "preconditionFailed"), which
// RepeatAnswer::code is compared with; empty where it said none.
std::string service_code(const Error& error);

}  // namespace tideway::connector
