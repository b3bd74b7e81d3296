#include "engine/runtime/notices/notifier.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "engine/base/limits.h"

namespace tideway::runtime {
namespace {

constexpr const char* kTrigger = "notice";
constexpr int kNoticesOpenMax = 100'000;
constexpr int kDoublingsMax = 12;
// While a flow is off, its silence does not count; its clock is set on in steps of this.
constexpr Duration kSilenceStep = std::chrono::hours(1);

bool is_started_by_notices(const FlowEntry& flow) {
    return flow.published && flow.published->declaration.trigger == kTrigger;
}

std::optional<std::uintmax_t> disk_free(const std::string& folder) {
    std::error_code failed;
    const auto space = std::filesystem::space(folder, failed);
    return failed ? std::nullopt : std::optional(space.available);
}

// What the store has open, by cause.
using OpenNotices = std::map<std::string, model::NoticeRecord, std::less<>>;

void add_changes(
    std::vector<store::Command>& out,
    std::vector<NoticeCause> causes,
    OpenNotices open,
    const std::vector<model::FlowId>& flows,
    Timestamp now
) {
    for (NoticeCause& cause : causes) {
        const auto found = open.find(cause.notice.cause);
        const bool is_known = found != open.end() && (cause.standing == Standing::kKeeps ||
                                                      found->second.stage == cause.notice.stage);
        if (found != open.end()) {
            open.erase(found);
        }
        if (is_known || cause.standing == Standing::kKeeps) {
            continue;
        }
        cause.notice.uid = Uid::random();
        cause.notice.opened = now;
        const bool starts_flows = cause.starts_flows;
        out.emplace_back(store::RaiseNotice{
            std::move(cause.notice), starts_flows ? flows : std::vector<model::FlowId>()});
    }
    for (const auto& [cause, notice] : open) {
        out.emplace_back(store::EndNotice{cause, now});
    }
}

void add_silent_clocks(std::vector<store::Command>& out, const NoticeFacts& facts, Timestamp now) {
    for (const SilenceFacts& silence : facts.silences) {
        const FlowFacts* flow = facts.flow(silence.expectation.flow);
        const bool is_on = flow != nullptr && flow->state == model::FlowState::kOn;
        if (is_on || now - silence.expectation.since < kSilenceStep) {
            continue;
        }
        model::EventExpectation moved = silence.expectation;
        moved.since = now;
        out.emplace_back(store::PutEventExpectation{moved});
    }
}

}  // namespace

struct Notifier::Seen {
    NoticeFacts facts;
    OpenNotices open;
};

// A delivery with what it takes to make it.
struct Notifier::Due {
    model::NoticeDelivery delivery;
    NoticeMessage message;
    std::optional<model::NoticeChannel> channel;
};

Notifier::Notifier(NotifierServices services)
    : services_(std::move(services)),
      sender_(*services_.client, *services_.mail, *services_.clock) {}

Notifier::~Notifier() = default;

void Notifier::start() {
    services_.executor->post([this] { look_again(); });
}

void Notifier::look() {
    services_.executor->post([this] { look_now(); });
}

void Notifier::look_again() {
    look_now();
    timer_ = services_.executor->after(limits::kNoticeInterval, [this] { look_again(); });
}

// ------------------------------------------------------------------ what is so

void Notifier::look_now() {
    if (!looking_.begin()) {
        return;
    }
    services_.runtime->readers().read(
        *services_.executor,
        [facts = facts_in_memory(), folder = services_.data_folder, now = services_.clock->now()](
            store::Reader& reader
        ) { return look_at(reader, facts, folder, now); },
        [this](Result<Seen> result) { seen(std::move(result)); }
    );
}

Result<Notifier::Seen> Notifier::look_at(
    store::Reader& reader, NoticeFacts facts, const std::string& data_folder, Timestamp now
) {
    Seen out;
    TIDEWAY_TRY_ASSIGN(
        auto open, reader.notices().notices(store::NoticeFilter::kOpen, kNoticesOpenMax)
    );
    OpenCauses causes;
    for (model::NoticeRecord& notice : open) {
        causes.insert(notice.cause);
        std::string cause = notice.cause;
        out.open.emplace(std::move(cause), std::move(notice));
    }
    TIDEWAY_TRY(add_stored_facts(facts, reader, causes, now));
    facts.disk_free = data_folder.empty() ? std::nullopt : disk_free(data_folder);
    out.facts = std::move(facts);
    return out;
}

NoticeFacts Notifier::facts_in_memory() const {
    NoticeFacts facts;
    facts.certificate_ends = services_.certificate_ends;
    for (const auto& connection : services_.connections->all()) {
        const model::ConnectionRecord& record = connection->record;
        facts.connections.push_back(
            {record.name,
             services_.runtime->gate().status(record.name),
             record.refresh_expires,
             record.secret_expires}
        );
    }
    for (const FlowEntry& flow : services_.catalog->flows()) {
        FlowFacts fact;
        fact.id = flow.row.id;
        fact.name = flow.row.pack + "/" + flow.row.name;
        fact.state = flow.row.state;
        fact.state_reason = flow.row.state_reason;
        fact.starts_on_notices = is_started_by_notices(flow);
        fact.trigger = services_.trigger_status(flow.row.id);
        facts.flows.push_back(std::move(fact));
    }
    for (const HeldPack& held : services_.runtime->brake().held()) {
        facts.brakes.push_back({held.pack, held.since, held.reason});
    }
    return facts;
}

std::vector<model::FlowId> Notifier::flows_started() const {
    std::vector<model::FlowId> out;
    for (const FlowEntry& flow : services_.catalog->flows()) {
        if (flow.row.state == model::FlowState::kOn && is_started_by_notices(flow)) {
            out.push_back(flow.row.id);
        }
    }
    return out;
}

void Notifier::seen(Result<Seen> result) {
    if (!result) {
        looked();
        services_.log->warning(
            "notices could not be looked for", {{"error", result.error().text()}}
        );
        return;
    }
    const Timestamp now = services_.clock->now();
    std::vector<store::Command> commands;
    add_changes(
        commands, causes_of(result->facts, now), std::move(result->open), flows_started(), now
    );
    add_silent_clocks(commands, result->facts, now);
    if (commands.empty()) {
        looked();
        return;
    }
    commit(std::move(commands));
}

void Notifier::looked() {
    serve();
    if (looking_.end()) {
        look_now();
    }
}

void Notifier::commit(std::vector<store::Command> commands) {
    auto committed = std::make_shared<std::vector<store::Command>>(commands);
    services_.store->submit(
        {std::move(commands)},
        [this, committed](const Result<std::vector<store::Outcome>>& stored) {
            const std::string error = stored ? std::string() : stored.error().text();
            services_.executor->post([this, committed, error] {
                if (error.empty()) {
                    log_changes(*committed);
                } else {
                    services_.log->warning("notices could not be stored", {{"error", error}});
                }
                looked();
            });
        }
    );
}

void Notifier::log_changes(const std::vector<store::Command>& commands) const {
    for (const store::Command& command : commands) {
        if (const auto* raised = std::get_if<store::RaiseNotice>(&command)) {
            services_.log->warning(
                raised->notice.title,
                {{"notice", raised->notice.uid.hex()}, {"message", raised->notice.message}}
            );
        } else if (const auto* ended = std::get_if<store::EndNotice>(&command)) {
            services_.log->info("a notice has ended", {{"cause", ended->cause}});
        }
    }
}

// ------------------------------------------------------------------ delivering

void Notifier::serve() {
    if (!serving_.begin()) {
        return;
    }
    services_.runtime->readers().read(
        *services_.executor,
        [environment = services_.environment, now = services_.clock->now()](store::Reader& reader) {
            return due_now(reader, environment, now);
        },
        [this](Result<std::vector<Due>> due) { send_due(std::move(due)); }
    );
}

Result<std::vector<Notifier::Due>> Notifier::due_now(
    store::Reader& reader, const std::string& environment, Timestamp now
) {
    std::vector<Due> out;
    TIDEWAY_TRY_ASSIGN(const auto next, reader.notices().next_deliveries());
    if (next.empty()) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const auto channels, reader.notices().channels());
    for (const model::NoticeDelivery& delivery : next) {
        TIDEWAY_TRY_ASSIGN(const auto notice, reader.notices().notice_of(delivery.notice_id));
        if (!notice || delivery.next_attempt > now) {
            continue;
        }
        Due due{delivery, message_of(*notice, delivery, environment), {}};
        const auto channel =
            std::ranges::find(channels, delivery.channel, &model::NoticeChannel::name);
        if (channel != channels.end()) {
            due.channel = *channel;
        }
        out.push_back(std::move(due));
    }
    return out;
}

void Notifier::send_due(Result<std::vector<Due>> due) {
    const bool is_wanted_again = serving_.end();
    if (!due) {
        services_.log->warning("notices could not be read", {{"error", due.error().text()}});
        return;
    }
    for (const Due& one : *due) {
        if (in_flight_.insert(one.delivery.id).second) {
            send(one);
        }
    }
    if (is_wanted_again) {
        serve();
    }
}

void Notifier::send(const Due& due) {
    if (due.delivery.channel.empty()) {
        start_flow(due);
        return;
    }
    if (!due.channel) {
        settled(due.delivery.id);  // removed since, and with it what waited for it
        return;
    }
    const auto channel = open_channel(*due.channel, *services_.box);
    if (!channel) {
        attempted(due.delivery, fail(channel.error()));
        return;
    }
    sender_.send(*channel, due.message, [this, delivery = due.delivery](const Status& status) {
        attempted(delivery, status);
    });
}

// The event, its run and the end of the delivery are one commit, so there is one run.
void Notifier::start_flow(const Due& due) {
    auto flow = services_.catalog->flow(due.delivery.flow);
    const bool is_ready =
        flow && flow->row.state == model::FlowState::kOn && is_started_by_notices(*flow);
    if (!is_ready) {
        model::NoticeDelivery given_up = due.delivery;
        given_up.state = model::DeliveryState::kGivenUp;
        given_up.error = "The flow is not on any more.";
        given_up.ended = services_.clock->now();
        record(std::move(given_up));
        return;
    }
    Delivery event;
    event.flow = *std::move(flow);
    event.source = kTrigger;
    event.event = to_payload(to_json(due.message));
    event.dedupe_key = due.message.id;
    services_.runtime->admit_all(
        {std::move(event)},
        {store::PutDelivery{after_attempt(due.delivery, {})}},
        [this, delivery = due.delivery](const Result<std::vector<Admitted>>& admitted) {
            const Status status = admitted ? Status() : Status(fail(admitted.error()));
            services_.executor->post([this, delivery, status] {
                if (status) {
                    settled(delivery.id);
                    serve();
                } else {
                    attempted(delivery, status);
                }
            });
        }
    );
}

model::NoticeDelivery Notifier::after_attempt(model::NoticeDelivery delivery, const Status& status)
    const {
    const Timestamp now = services_.clock->now();
    const int doublings = std::min(delivery.attempts, kDoublingsMax);
    ++delivery.attempts;
    if (status) {
        delivery.state = model::DeliveryState::kDelivered;
        delivery.error.clear();
        delivery.ended = now;
        return delivery;
    }
    delivery.error = status.error().text();
    if (now - delivery.created >= limits::kNoticeDeliveryMax) {
        delivery.state = model::DeliveryState::kGivenUp;
        delivery.ended = now;
        return delivery;
    }
    const Duration wait = limits::kNoticeRetryFirst * (1 << doublings);
    delivery.next_attempt = now + std::min<Duration>(wait, limits::kNoticeRetryLast);
    return delivery;
}

void Notifier::attempted(const model::NoticeDelivery& delivery, const Status& status) {
    if (!status) {
        services_.log->warning(
            "a notice could not be delivered",
            {{"channel", delivery.channel}, {"error", status.error().text()}}
        );
    }
    record(after_attempt(delivery, status));
}

void Notifier::record(model::NoticeDelivery delivery) {
    const std::int64_t id = delivery.id;
    services_.store->submit(
        {{store::PutDelivery{std::move(delivery)}}},
        [this, id](const Result<std::vector<store::Outcome>>& stored) {
            const bool is_stored = stored.has_value();
            services_.executor->post([this, id, is_stored] {
                settled(id);
                // What cannot be stored is delivered again, with the next look.
                if (is_stored) {
                    serve();
                }
            });
        }
    );
}

void Notifier::settled(std::int64_t delivery) {
    in_flight_.erase(delivery);
}

// ------------------------------------------------------------------ test

void Notifier::test(model::NoticeChannel channel, std::function<void(Status)> done) {
    services_.executor->post([this, channel = std::move(channel), done = std::move(done)] {
        auto opened = open_channel(channel, *services_.box);
        if (!opened) {
            done(fail(std::move(opened.error())));
            return;
        }
        sender_.send(*opened, test_message(services_.environment, services_.clock->now()), done);
    });
}

}  // namespace tideway::runtime
