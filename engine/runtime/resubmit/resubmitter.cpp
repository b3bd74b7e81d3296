#include "engine/runtime/resubmit/resubmitter.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/resubmit/rerun.h"
#include "engine/runtime/runtime.h"

namespace tideway::runtime {

using store::ResubmissionItem;
using store::ResubmissionRecord;
using store::ResubmissionState;
using store::ResubmittedState;

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
// What was not started while nothing could be is not made up for at once.
constexpr Duration kPaceMemory = std::chrono::seconds(1);

Result<int> number(const Json& json, const char* name, int otherwise, int from, int to) {
    const auto value = int_or(json, name, otherwise);
    if (value < from || value > to) {
        return fail(
            ErrorKind::kInvalidInput,
            "InvalidRequestContent",
            "'" + std::string(name) + "' is " + std::to_string(value) + "; it can be " +
                std::to_string(from) + " to " + std::to_string(to) + "."
        );
    }
    return static_cast<int>(value);
}

Duration interval_of(const ResubmitPace& pace) {
    return Duration(std::chrono::minutes(1)) / pace.per_minute;
}

bool has_failed(const ResubmissionItem& item) {
    return item.state == ResubmittedState::kFailed || item.state == ResubmittedState::kPaused;
}

std::int64_t count_of(const ResubmissionRecord& record, ResubmittedState state) {
    const auto it = record.items.find(state);
    return it == record.items.end() ? 0 : it->second;
}

model::StepError error_of(const model::RunRecord& run) {
    return run.error.empty() ? model::StepError() : model::parse_step_error(run.error.view());
}

// What became of the new run; absent: it is under way.
std::optional<ResubmissionItem> settled(
    ResubmissionItem item, const std::optional<model::RunRecord>& run
) {
    if (!run) {
        item.state = ResubmittedState::kFailed;
        item.reason = "its run is not in history any more";
        return item;
    }
    if (run->status == model::Status::kPaused) {
        item.state = ResubmittedState::kPaused;
        item.reason = run->wait_reason;
        return item;
    }
    if (!model::is_final(run->status)) {
        return std::nullopt;
    }
    const bool is_good =
        run->status == model::Status::kSucceeded || run->status == model::Status::kSkipped;
    item.state = is_good ? ResubmittedState::kSucceeded : ResubmittedState::kFailed;
    if (!is_good) {
        const model::StepError error = error_of(*run);
        item.reason = run->is_secured ? error.code : error.code + ": " + error.message;
    }
    return item;
}

}  // namespace

Result<ResubmitPace> parse_resubmit_pace(const Json& json) {
    ResubmitPace out;
    TIDEWAY_TRY_ASSIGN(
        out.at_once,
        number(json, "at_once", limits::kResubmittedAtOnce, 1, limits::kResubmittedAtOnceMax)
    );
    TIDEWAY_TRY_ASSIGN(out.per_minute, number(json, "per_minute", 0, 0, 1'000'000));
    TIDEWAY_TRY_ASSIGN(
        out.stop_after, number(json, "stop_after", limits::kResubmitFailures, 1, 1'000'000)
    );
    return out;
}

Json to_json(const ResubmitPace& pace) {
    return {
        {"at_once", pace.at_once},
        {"per_minute", pace.per_minute},
        {"stop_after", pace.stop_after}};
}

// What there is to do now.
struct Resubmitter::Look {
    struct Next {
        ResubmissionItem item;
        Result<PreparedRun> run;
    };

    std::optional<ResubmissionRecord> record;
    ResubmitPace pace;
    std::vector<ResubmissionItem> settled;
    std::string unplanned;  // what a run came to that the plan did not have
    std::vector<Next> next;
    int open = 0;
};

Status Resubmitter::start() {
    TIDEWAY_TRY_ASSIGN(const auto ids, services_.store->reader().resubmissions().unfinished());
    for (const std::int64_t id : ids) {
        go_on(id);
    }
    return {};
}

void Resubmitter::go_on(std::int64_t id) {
    services_.executor->post([this, id] {
        jobs_[id].delay = limits::kResubmitLook;
        look(id);
    });
}

void Resubmitter::look(std::int64_t id) {
    Job& job = jobs_[id];
    job.timer.reset();
    if (std::exchange(job.is_looking, true)) {
        return;
    }
    services_.readers->read(
        *services_.executor,
        [services = services_, id, next_start = job.next_start](store::Reader& reader) {
            return query(services, reader, id, next_start);
        },
        [this, id](Result<Look> look) {
            if (look) {
                looked(id, std::move(*look));
                return;
            }
            services_.log->error(
                "a resubmission waits", {{"id", id}, {"error", look.error().text()}}
            );
            jobs_[id].is_looking = false;
            look_later(id, kRetry);
        }
    );
}

void Resubmitter::look_later(std::int64_t id, Duration delay) {
    jobs_[id].timer = services_.executor->after(delay, [this, id] { look(id); });
}

Result<Resubmitter::Look> Resubmitter::query(
    const ResubmitterServices& services,
    store::Reader& reader,
    std::int64_t id,
    Timestamp next_start
) {
    Look out;
    store::ResubmissionReader& resubmissions = reader.resubmissions();
    TIDEWAY_TRY_ASSIGN(out.record, resubmissions.resubmission(id));
    if (!out.record) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const Json said, parse_json(out.record->choices.view(), "choices"));
    TIDEWAY_TRY_ASSIGN(ResubmitChoices choices, parse_resubmit_choices(said));
    choices.versions = parse_versions(said);
    TIDEWAY_TRY_ASSIGN(out.pace, parse_resubmit_pace(said));
    TIDEWAY_TRY_ASSIGN(
        const auto started,
        resubmissions.items(id, ResubmittedState::kStarted, 0, limits::kResubmittedAtOnceMax)
    );
    for (const ResubmissionItem& item : started) {
        TIDEWAY_TRY_ASSIGN(const auto run, reader.run_by_uid(item.run));
        auto ended = settled(item, run);
        if (!ended) {
            ++out.open;
            continue;
        }
        if (run && error_of(*run).code == kUnplannedEffect) {
            out.unplanned = error_of(*run).message;
        }
        out.settled.push_back(std::move(*ended));
    }
    const Timestamp now = services.clock->now();
    auto most = static_cast<std::int64_t>(out.pace.at_once - out.open);
    if (out.pace.per_minute > 0) {
        const Timestamp from = std::max(next_start, now - kPaceMemory);
        most = std::min(most, now < from ? 0 : (now - from) / interval_of(out.pace) + 1);
    }
    if (out.record->state != ResubmissionState::kRunning || most <= 0) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(
        const auto pending,
        resubmissions.items(id, ResubmittedState::kPending, 0, static_cast<int>(most))
    );
    for (const ResubmissionItem& item : pending) {
        TIDEWAY_TRY_ASSIGN(const auto original, reader.run_by_uid(item.original));
        if (!original) {
            out.next.push_back(
                {item, fail(ErrorKind::kNotFound, "WorkflowRunNotFound", "The run is gone.")}
            );
            continue;
        }
        auto run = services.prepare(reader, *original, choices, out.record->person);
        if (run) {
            // The same after a crash: made once.
            const Uid uid =
                Uid::derive(original->uid, "resubmission:" + std::to_string(out.record->id));
            run->admit.run->uid = uid;
            run->admit.run->resubmission = out.record->id;
        }
        out.next.push_back({item, std::move(run)});
    }
    return out;
}

void Resubmitter::looked(std::int64_t id, Look look) {
    jobs_[id].is_looking = false;
    if (!look.record) {
        jobs_.erase(id);
        return;
    }
    const bool is_running = look.record->state == ResubmissionState::kRunning;
    const bool has_nothing_left = count_of(*look.record, ResubmittedState::kPending) == 0;
    const bool is_idle = look.settled.empty() && look.next.empty();
    if (is_idle && look.open == 0 && !is_running) {
        jobs_.erase(id);
        return;
    }
    if (is_idle && !(look.open == 0 && has_nothing_left)) {
        Job& job = jobs_[id];
        look_later(id, job.delay);
        job.delay = std::min<Duration>(job.delay * 2, limits::kResubmitLookLast);
        return;
    }
    act(id, std::move(look));
}

void Resubmitter::act(std::int64_t id, Look look) {
    const Timestamp now = services_.clock->now();
    std::vector<store::Command> commands;
    std::int64_t failures = count_of(*look.record, ResubmittedState::kFailed) +
                            count_of(*look.record, ResubmittedState::kPaused) -
                            look.record->forgiven;
    for (ResubmissionItem& item : look.settled) {
        failures += has_failed(item) ? 1 : 0;
        commands.emplace_back(store::PutResubmissionItem{id, std::move(item)});
    }
    const auto set_state = [&](ResubmissionState state, std::string reason) {
        commands.emplace_back(store::SetResubmissionState{id, state, std::move(reason), now});
    };
    std::vector<PreparedRun> runs;
    const bool is_running = look.record->state == ResubmissionState::kRunning;
    const bool has_pending = count_of(*look.record, ResubmittedState::kPending) > 0;
    if (is_running && !look.unplanned.empty()) {
        set_state(ResubmissionState::kStopped, look.unplanned);
    } else if (is_running && has_pending && failures >= look.pace.stop_after) {
        set_state(
            ResubmissionState::kStopped, std::to_string(failures) + " of the new runs have failed."
        );
    } else if (is_running && !has_pending && look.open == 0) {
        set_state(ResubmissionState::kDone, {});
    } else {
        for (Look::Next& next : look.next) {
            if (next.run) {
                next.item.state = ResubmittedState::kStarted;
                next.item.run = next.run->admit.run->uid;
                runs.push_back(std::move(*next.run));
            } else {
                next.item.state = ResubmittedState::kRefused;
                next.item.reason = next.run.error().text();
            }
            commands.emplace_back(store::PutResubmissionItem{id, std::move(next.item)});
        }
    }
    Job& job = jobs_[id];
    job.is_looking = true;
    job.delay = limits::kResubmitLook;
    if (look.pace.per_minute > 0 && !runs.empty()) {
        job.next_start = std::max(job.next_start, now - kPaceMemory) +
                         interval_of(look.pace) * static_cast<std::int64_t>(runs.size());
    }
    services_.admit(std::move(runs), std::move(commands), [this, id](const Status& status) {
        services_.executor->post([this, id, status] { stored(id, status); });
    });
}

void Resubmitter::stored(std::int64_t id, const Status& status) {
    Job& job = jobs_[id];
    job.is_looking = false;
    if (status || status.error().code == "ResubmissionNotRunning") {
        look_later(id, job.delay);
        return;
    }
    services_.log->warning("a resubmission waits", {{"id", id}, {"error", status.error().text()}});
    look_later(id, kRetry);
}

}  // namespace tideway::runtime
