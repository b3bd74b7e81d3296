// Notices: what an administrator is told without looking. One is open for each cause as long as it
// lasts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/payload.h"
#include "engine/base/uid.h"
#include "engine/model/run.h"

namespace tideway::model {

enum class NoticeKind {
    kFailureGroup,
    kConnectionUnavailable,
    kConnectionExpiring,
    kFlowSuspended,
    kTriggerFailing,
    kNoEvent,
    kRunPaused,
    kQuota,
    kDiskLow,
    kBrake,
    kAddressReplaced,
};
std::string_view to_string(NoticeKind kind);  // "failure_group" ...
std::optional<NoticeKind> parse_notice_kind(std::string_view text);

struct NoticeRecord {
    std::int64_t id = 0;
    Uid uid;
    NoticeKind kind = NoticeKind::kFailureGroup;
    std::string cause;       // "connection_unavailable/dynamics365": at most one is open
    std::string title;       // what is so, in one line
    std::string message;     // more about it
    std::string remedy;      // what a person can do
    std::string flow;        // "pack/flow" that it is about, or empty
    std::string connection;  // the same
    Uid run;                 // one run that shows it, or none
    int stage = 0;           // of a cause that grows: people are told again when it changes
    Timestamp opened;
    std::optional<Timestamp> closed;
};

// What people are told of a notice.
enum class NoticeMoment { kOpened, kReminder, kEnded };
std::string_view to_string(NoticeMoment moment);  // "opened", "reminder", "ended"
std::optional<NoticeMoment> parse_notice_moment(std::string_view text);

// Where notices are sent to.
struct NoticeChannel {
    std::string name;
    std::string kind;    // "mail", "webhook"
    Payload settings;    // JSON object
    std::string sealed;  // secrets; opened by connector/secret_box.h only
    Timestamp created;
};

enum class DeliveryState { kWaiting, kDelivered, kGivenUp };
std::string_view to_string(DeliveryState state);  // "Waiting" ...
std::optional<DeliveryState> parse_delivery_state(std::string_view text);

// One moment of a notice on its way to one channel, or to a flow that notices start.
struct NoticeDelivery {
    std::int64_t id = 0;
    std::int64_t notice_id = 0;
    NoticeMoment moment = NoticeMoment::kOpened;
    std::string channel;  // empty: `flow` is started
    FlowId flow = 0;
    DeliveryState state = DeliveryState::kWaiting;
    int attempts = 0;
    std::string error;  // of the last attempt
    Timestamp created;
    Timestamp next_attempt;
    std::optional<Timestamp> ended;
};

// A flow from which silence is worth a notice.
struct EventExpectation {
    FlowId flow = 0;
    int hours = 0;
    Timestamp since;  // silence counts from here, or from the last event
};

}  // namespace tideway::model
