#include "engine/runtime/notices/notice_causes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/limits.h"
#include "engine/http/url.h"

namespace tideway::runtime {
namespace {

using model::NoticeKind;

constexpr std::array<int, 4> kExpiryDays{0, 1, 7, 30};  // a notice at each, the last first

NoticeCause cause_of(NoticeKind kind, const std::string& which) {
    NoticeCause out;
    out.notice.kind = kind;
    out.notice.cause = std::string(model::to_string(kind)) + (which.empty() ? "" : "/" + which);
    return out;
}

std::string runs_text(std::int64_t runs) {
    return runs == 1 ? "1 run" : std::to_string(runs) + " runs";
}

std::string mebibytes(std::uintmax_t bytes) {
    return std::to_string(bytes >> 20U) + " MiB";
}

// ------------------------------------------------------------------ connections

void add_outage(std::vector<NoticeCause>& out, const ConnectionFacts& connection) {
    const auto& outage = connection.status.outage;
    if (!outage) {
        return;
    }
    NoticeCause cause = cause_of(NoticeKind::kConnectionUnavailable, connection.name);
    cause.notice.connection = connection.name;
    cause.notice.title = "The connection " + connection.name + " is unavailable";
    cause.notice.message = "Since " + format_utc(outage->since) + ": " + outage->reason;
    cause.notice.remedy =
        "Runs that need it wait, and go on by themselves when it is back. To look at once: tideway "
        "connections test " +
        connection.name;
    out.push_back(std::move(cause));
}

// Something that ends: who `subject` is, and what to do about it.
struct Expiry {
    std::string cause;
    std::string connection;  // or empty
    std::string subject;
    std::string remedy;
};

void add_expiry(
    std::vector<NoticeCause>& out,
    const Expiry& expiry,
    const std::optional<Timestamp>& expires,
    Timestamp now
) {
    if (!expires) {
        return;
    }
    const auto days_left = std::chrono::ceil<std::chrono::days>(*expires - now).count();
    const auto* const stage =
        std::ranges::find_if(kExpiryDays, [days_left](int days) { return days_left <= days; });
    if (stage == kExpiryDays.end()) {
        return;
    }
    NoticeCause cause = cause_of(NoticeKind::kConnectionExpiring, expiry.cause);
    cause.notice.connection = expiry.connection;
    cause.notice.stage = *stage;
    cause.notice.title =
        expiry.subject + (days_left <= 0   ? " has expired"
                          : days_left == 1 ? " expires within a day"
                                           : " expires in " + std::to_string(days_left) + " days");
    cause.notice.message = "It ends at " + format_utc(*expires) + ".";
    cause.notice.remedy = expiry.remedy;
    out.push_back(std::move(cause));
}

void add_credentials(
    std::vector<NoticeCause>& out, const ConnectionFacts& connection, Timestamp now
) {
    const std::string& name = connection.name;
    const Expiry sign_in{
        name + "/sign_in",
        name,
        "The sign-in of the connection " + name,
        "Sign in again: tideway connections reconnect " + name};
    add_expiry(out, sign_in, connection.sign_in_expires, now);
    const Expiry secret{
        name + "/client_secret",
        name,
        "The client secret of the connection " + name,
        "Make a new one on the other side, then: tideway connections replace " + name +
            " --secret client_secret=- --secret-expires <date>"};
    add_expiry(out, secret, connection.secret_expires, now);
}

// What may be used of something until it is given back.
struct Allowance {
    std::string cause;
    std::string what;  // "requests in 5 minutes"
    std::int64_t limit = 0;
    std::int64_t remaining = 0;
    std::optional<Timestamp> used_up_at;
    int stage = 0;
    std::string remedy;
};

void add_allowance(
    std::vector<NoticeCause>& out, const std::string& connection, const Allowance& allowance
) {
    const std::int64_t limit = allowance.limit;
    const auto used = (limit - std::min(allowance.remaining, limit)) * 100 / limit;
    if (used < limits::kQuotaUsedAgain) {
        return;
    }
    NoticeCause cause = cause_of(NoticeKind::kQuota, allowance.cause);
    cause.standing = used >= limits::kQuotaUsedMax ? Standing::kHolds : Standing::kKeeps;
    cause.notice.connection = connection;
    cause.notice.stage = allowance.stage;
    cause.notice.title =
        std::to_string(used) + " % of the quota of the connection " + connection + " are used";
    cause.notice.message = std::to_string(allowance.remaining) + " of " + std::to_string(limit) +
                           " " + allowance.what + " are left.";
    if (allowance.used_up_at) {
        cause.notice.message +=
            " At this pace they are used up at " + format_utc(*allowance.used_up_at) + ".";
    }
    cause.notice.remedy = allowance.remedy;
    out.push_back(std::move(cause));
}

void add_quota(std::vector<NoticeCause>& out, const ConnectionFacts& connection) {
    const auto& quota = connection.status.quota;
    if (!quota || quota->limit <= 0) {
        return;
    }
    add_allowance(
        out,
        connection.name,
        {connection.name,
         quota->what,
         quota->limit,
         quota->remaining,
         connection.status.used_up_at,
         0,
         "Requests beyond it are refused by the service and made again later. Fewer runs at a time "
         "(concurrency of the trigger) need less."}
    );
}

// Told again when nothing is left.
void add_limit(std::vector<NoticeCause>& out, const ConnectionFacts& connection) {
    const auto& limit = connection.status.limit;
    if (!limit) {
        return;
    }
    const bool is_used_up = limit->remaining == 0;
    add_allowance(
        out,
        connection.name,
        {connection.name + "/calls_a_day",
         "calls of today (UTC), by the limit that was entered,",
         limit->calls_a_day,
         limit->remaining,
         is_used_up ? std::nullopt : limit->used_up_at,
         is_used_up ? 1 : 0,
         "Calls beyond it are sent all the same. To see which flows call: tideway connections "
         "uses " +
             connection.name}
    );
}

void add_connections(std::vector<NoticeCause>& out, const NoticeFacts& facts, Timestamp now) {
    for (const ConnectionFacts& connection : facts.connections) {
        add_outage(out, connection);
        add_credentials(out, connection, now);
        add_quota(out, connection);
        add_limit(out, connection);
    }
}

// ------------------------------------------------------------------ flows

NoticeCause flow_cause(NoticeKind kind, const FlowFacts& flow) {
    NoticeCause cause = cause_of(kind, std::to_string(flow.id));
    cause.starts_flows = !flow.starts_on_notices;
    cause.notice.flow = flow.name;
    return cause;
}

void add_suspension(std::vector<NoticeCause>& out, const FlowFacts& flow) {
    if (flow.state != model::FlowState::kSuspended) {
        return;
    }
    NoticeCause cause = flow_cause(NoticeKind::kFlowSuspended, flow);
    cause.notice.title = "The flow " + flow.name + " is suspended";
    cause.notice.message = flow.state_reason;
    cause.notice.remedy = "Turn it on again when the cause is gone: tideway flows on " + flow.name;
    out.push_back(std::move(cause));
}

void add_failing_trigger(std::vector<NoticeCause>& out, const FlowFacts& flow) {
    if (!flow.trigger) {
        return;
    }
    const TriggerStatus& trigger = *flow.trigger;
    const bool is_known_to_work = trigger.failures == 0 && trigger.last;
    if (is_known_to_work) {
        return;
    }
    NoticeCause cause = flow_cause(NoticeKind::kTriggerFailing, flow);
    const bool holds = trigger.failures >= limits::kTriggerFailuresMax && trigger.error;
    cause.standing = holds ? Standing::kHolds : Standing::kKeeps;
    if (holds) {
        cause.notice.title = "The trigger of the flow " + flow.name + " fails";
        cause.notice.message = trigger.error->message;
        cause.notice.remedy =
            trigger.error->remedy.empty()
                ? "It is tried again by itself. See: tideway flows show " + flow.name
                : trigger.error->remedy;
    }
    out.push_back(std::move(cause));
}

std::string host_of(const std::string& url) {
    const auto parsed = http::parse_url(url);
    return parsed ? parsed->host : url;
}

void add_lost_address(std::vector<NoticeCause>& out, const FlowFacts& flow) {
    const bool is_lost =
        flow.trigger && flow.trigger->registered && flow.trigger->registered->is_lost;
    if (!is_lost) {
        return;
    }
    const std::string& url = flow.trigger->registered->url;
    NoticeCause cause = flow_cause(NoticeKind::kAddressReplaced, flow);
    cause.notice.title = "The service does not call the flow " + flow.name;
    cause.notice.message =
        url.empty() ? "It has no address registered."
                    : "The address that is registered is of " + host_of(url) + ": " + url;
    cause.notice.remedy =
        "What changes meanwhile is found every ten minutes. Register the flow's own address again: "
        "tideway flows show " +
        flow.name;
    out.push_back(std::move(cause));
}

void add_silence(
    std::vector<NoticeCause>& out, const SilenceFacts& silence, const FlowFacts& flow, Timestamp now
) {
    const int hours = silence.expectation.hours;
    const Timestamp last =
        std::max(silence.expectation.since, silence.last_event.value_or(Timestamp()));
    if (flow.state != model::FlowState::kOn || now - last < std::chrono::hours(hours)) {
        return;
    }
    NoticeCause cause = flow_cause(NoticeKind::kNoEvent, flow);
    cause.notice.title =
        "Nothing has come for the flow " + flow.name + " for " + std::to_string(hours) + " hours";
    cause.notice.message = silence.last_event
                               ? "The last event came at " + format_utc(*silence.last_event) + "."
                               : "Nothing has ever come for it.";
    cause.notice.remedy = "Check that the other side still sends: tideway flows show " + flow.name;
    out.push_back(std::move(cause));
}

void add_flows(std::vector<NoticeCause>& out, const NoticeFacts& facts, Timestamp now) {
    for (const FlowFacts& flow : facts.flows) {
        add_suspension(out, flow);
        add_failing_trigger(out, flow);
        add_lost_address(out, flow);
    }
    for (const SilenceFacts& silence : facts.silences) {
        if (const FlowFacts* flow = facts.flow(silence.expectation.flow)) {
            add_silence(out, silence, *flow, now);
        }
    }
}

// ------------------------------------------------------------------ runs

// About runs of one flow; without a run of theirs there is nothing to say.
NoticeCause run_cause(
    NoticeKind kind, std::string key, const FlowFacts& flow, const std::optional<RunFacts>& run
) {
    NoticeCause cause;
    cause.notice.kind = kind;
    cause.notice.cause = std::move(key);
    cause.notice.flow = flow.name;
    cause.standing = run ? Standing::kHolds : Standing::kKeeps;
    if (run) {
        cause.starts_flows = !run->of_notices;
        cause.notice.run = run->uid;
        cause.notice.message = run->headline;
        cause.notice.remedy = run->remedy.empty() ? "" : run->remedy + " ";
    }
    return cause;
}

void add_failure(
    std::vector<NoticeCause>& out, const FailureFacts& failure, const FlowFacts& flow
) {
    NoticeCause cause =
        run_cause(NoticeKind::kFailureGroup, failure_cause(failure.group), flow, failure.run);
    cause.notice.title = "The flow " + flow.name + " fails in a new way";
    if (failure.run) {
        cause.notice.remedy += "See every step: tideway runs show " + failure.run->uid.hex();
    }
    out.push_back(std::move(cause));
}

void add_paused(std::vector<NoticeCause>& out, const PausedFacts& paused, const FlowFacts& flow) {
    NoticeCause cause =
        run_cause(NoticeKind::kRunPaused, paused_cause(paused.group), flow, paused.run);
    const bool is_one = paused.group.runs == 1;
    cause.notice.title = runs_text(paused.group.runs) + " of the flow " + flow.name +
                         (is_one ? " waits" : " wait") + " for a person";
    if (paused.run) {
        const std::string uid = paused.run->uid.hex();
        cause.notice.remedy += "See why: tideway runs show " + uid;
        if (paused.group.code.empty()) {
            cause.notice.remedy += " and decide: tideway runs decide " + uid;
        }
    }
    out.push_back(std::move(cause));
}

void add_runs(std::vector<NoticeCause>& out, const NoticeFacts& facts) {
    for (const FailureFacts& failure : facts.failures) {
        if (const FlowFacts* flow = facts.flow(failure.group.flow)) {
            add_failure(out, failure, *flow);
        }
    }
    for (const PausedFacts& paused : facts.paused) {
        if (const FlowFacts* flow = facts.flow(paused.group.flow)) {
            add_paused(out, paused, *flow);
        }
    }
}

void add_brakes(std::vector<NoticeCause>& out, const NoticeFacts& facts) {
    for (const BrakeFacts& brake : facts.brakes) {
        NoticeCause cause = cause_of(NoticeKind::kBrake, brake.pack);
        cause.notice.title = "The brake holds the writes of the pack " + brake.pack;
        cause.notice.message = "Since " + format_utc(brake.since) + ": " + brake.reason + ".";
        cause.notice.remedy =
            "Its runs wait for one answer: tideway decisions show brake/" + brake.pack;
        out.push_back(std::move(cause));
    }
}

// ------------------------------------------------------------------ machine

void add_certificate(std::vector<NoticeCause>& out, const NoticeFacts& facts, Timestamp now) {
    static const Expiry kCertificate{
        "/certificate",  // no connection has this name
        "",
        "The certificate of the trigger listener",
        "Services refuse to call an address with an expired one. Put the new one in place and "
        "start "
        "the server again."};
    add_expiry(out, kCertificate, facts.certificate_ends, now);
}

void add_disk(std::vector<NoticeCause>& out, const NoticeFacts& facts) {
    if (!facts.disk_free || *facts.disk_free >= limits::kDiskFreeBytesAgain) {
        return;
    }
    NoticeCause cause = cause_of(NoticeKind::kDiskLow, "");
    cause.standing =
        *facts.disk_free < limits::kDiskFreeBytesMin ? Standing::kHolds : Standing::kKeeps;
    cause.notice.title = "The disk of the environment is nearly full";
    cause.notice.message = mebibytes(*facts.disk_free) +
                           " are free. Without space no event is "
                           "taken and no run goes on.";
    cause.notice.remedy = "Make space on the disk, or move the environment to a larger one.";
    out.push_back(std::move(cause));
}

}  // namespace

std::vector<NoticeCause> causes_of(const NoticeFacts& facts, Timestamp now) {
    std::vector<NoticeCause> out;
    add_connections(out, facts, now);
    add_flows(out, facts, now);
    add_runs(out, facts);
    add_brakes(out, facts);
    add_certificate(out, facts, now);
    add_disk(out, facts);
    return out;
}

}  // namespace tideway::runtime
