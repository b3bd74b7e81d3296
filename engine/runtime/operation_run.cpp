#include "engine/runtime/operation_run.h"

#include <algorithm>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/limits.h"
#include "engine/connector/absence.h"

namespace tideway::runtime {

using connector::Done;
using connector::Failed;
using connector::Send;
using model::AttemptClass;
using model::EffectClass;

namespace {

constexpr int kProbesMax = 8;
constexpr Duration kProbeInterval = std::chrono::seconds(5);

bool is_transient(const Error& error) {
    return error.kind == ErrorKind::kThrottled || error.kind == ErrorKind::kTimeout ||
           error.kind == ErrorKind::kUnavailable || error.http_status == 408 ||
           error.http_status == 429 || error.http_status >= 500;
}

}  // namespace

OperationRun::OperationRun(OperationServices& services, OperationStart start, Listener& listener)
    : services_(services),
      start_(std::move(start)),
      listener_(listener),
      attempt_(start_.attempts_before),
      may_have_happened_(start_.may_have_left.has_value()),
      effect_left_at_(start_.may_have_left.value_or(start_.intent_at)),
      alive_(std::make_shared<bool>(true)) {
    if (start_.time_limit) {
        const Timestamp began = start_.underway ? start_.underway->began : services_.clock->now();
        deadline_ = began + *start_.time_limit;
    }
}

OperationRun::~OperationRun() = default;

void OperationRun::start() {
    // A request with unknown fate is looked for before it is sent again: always when it must happen
    // once, and when an unconditional update could overwrite what somebody wrote meanwhile.
    const bool is_unconditional = start_.operation->has_probe && !start_.operation->creates &&
                                  find(start_.input, "etag") == nullptr;
    const bool settle_first =
        may_have_happened_ && (start_.operation->effect == EffectClass::kOnce || is_unconditional);
    const auto first = settle_first ? &OperationRun::begin_probe : &OperationRun::begin_attempt;
    if (!start_.waiting_since) {
        after(Duration(0), start_.underway ? &OperationRun::wait_underway : first);
        return;
    }
    in_flight_ = may_have_happened_;
    resume_ = first;
    paused_at_ = services_.clock->now();
    after(Duration(0), &OperationRun::look_again);
}

void OperationRun::end_with(model::StepError error) {
    late_error_ = std::move(error);
    deadline_ = services_.clock->now();
    after(Duration(0), &OperationRun::finish_late);
}

void OperationRun::finish_late() {
    if (!in_flight_) {
        listener_.on_failed(*this, attempt_, *late_error_);
    }
}

void OperationRun::repeat() {
    may_have_happened_ = !start_.underway;
    after(Duration(0), &OperationRun::begin_attempt);
}

void OperationRun::after(Duration delay, void (OperationRun::*next)()) {
    auto task = [this, next, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) {
            (this->*next)();
        }
    };
    if (delay <= Duration(0)) {
        services_.executor->post(std::move(task));
        return;
    }
    timer_ = services_.executor->after(delay, std::move(task));
}

connector::Call OperationRun::make_call() const {
    connector::Call call;
    call.operation = start_.operation;
    call.input = start_.input;
    call.settings = start_.connection ? start_.connection->settings : Json::object();
    call.idempotency_key = start_.idempotency_key;
    call.intent_at = start_.intent_at;
    call.now = services_.clock->now();
    call.is_repeat = may_have_happened_;
    call.underway = start_.underway ? start_.underway->state : Json();
    return call;
}

void OperationRun::begin_attempt() {
    if (late_error_ && !may_have_happened_) {
        in_flight_ = false;
        finish_late();
        return;
    }
    if (const auto left = time_left(); left && *left <= Duration(0) && !may_have_happened_) {
        Error error;
        error.kind = ErrorKind::kTimeout;
        error.code = "ActionTimedOut";
        error.message = "The step did not finish within its time limit.";
        finish_failed(error);
        return;
    }
    if (waits_for_connection(&OperationRun::begin_attempt)) {
        return;
    }
    if (!start_.underway) {
        ++attempt_;
    }
    attempt_at_ = services_.clock->now();
    phase_ = Phase::kAttempt;
    effect_left_ = false;
    token_refreshed_ = false;
    exchange_ = start_.implementation->start(make_call());
    take(exchange_->begin());
}

void OperationRun::begin_probe() {
    in_flight_ = true;
    if (start_.operation->has_probe && waits_for_connection(&OperationRun::begin_probe)) {
        return;
    }
    phase_ = Phase::kProbe;
    token_refreshed_ = false;
    exchange_ = start_.operation->has_probe ? start_.implementation->probe(make_call()) : nullptr;
    if (!exchange_) {
        Error error;
        error.kind = ErrorKind::kConflict;
        error.code = "EffectInDoubt";
        error.message = "It is not known whether " + start_.operation->id +
                        " took effect, and the service offers no way to ask.";
        error.remedy = "Look at the service, then adopt, repeat or skip the step.";
        park(error);
        return;
    }
    ++probes_;
    take(exchange_->begin());
}

void OperationRun::take(connector::Turn turn) {
    if (auto* to_send = std::get_if<Send>(&turn)) {
        send(std::move(*to_send));
        return;
    }
    if (auto* done = std::get_if<Done>(&turn)) {
        if (phase_ == Phase::kProbe) {
            on_probe_done(*done);
            return;
        }
        in_flight_ = false;
        listener_.on_done(*this, attempt_, std::move(*done));
        return;
    }
    if (auto* underway = std::get_if<connector::Underway>(&turn)) {
        TIDEWAY_ASSERT(phase_ == Phase::kAttempt);
        on_underway(std::move(*underway));
        return;
    }
    if (phase_ == Phase::kProbe) {
        on_probe_failed(std::get<Failed>(turn));
        return;
    }
    on_failure(std::get<Failed>(std::move(turn)));
}

void OperationRun::send(Send send) {
    http::Request request = send.request;
    const std::string audience = send.audience;  // the callback takes `send` with it
    services_.authorizer->authorize(
        start_.connection,
        audience,
        std::move(request),
        *services_.executor,
        [this,
         alive = std::weak_ptr<bool>(alive_),
         send = std::move(send)](Result<http::Request> authorized) mutable {
            if (alive.expired()) {
                return;
            }
            if (!authorized) {
                take(Failed{std::move(authorized.error()), AttemptClass::kNotDone});
                return;
            }
            send_authorized(std::move(send), std::move(*authorized));
        }
    );
}

void OperationRun::send_authorized(Send send, http::Request request) {
    if (const auto left = time_left()) {
        request.timeout = std::clamp(*left, Duration(std::chrono::seconds(1)), request.timeout);
    }
    if (send.is_effect) {
        in_flight_ = true;
    }
    static const Json none = Json::object();
    const Json& settings = start_.connection ? start_.connection->settings : none;
    const http::NetworkPolicy policy = start_.implementation->network_policy(settings);
    services_.client->send(
        std::move(request),
        policy,
        [this, alive = std::weak_ptr<bool>(alive_), send = std::move(send)](http::Exchange result) {
            if (!alive.expired()) {
                on_exchange(send, std::move(result));
            }
        }
    );
}

void OperationRun::on_exchange(const Send& sent, http::Exchange result) {
    const bool is_effect = sent.is_effect && start_.operation->effect != EffectClass::kRead;
    if (!result || result->status >= 400) {
        asked_ = {{"method", sent.request.method}, {"url", sent.request.url}};
    }
    if (!result) {
        const bool doubtful = is_effect && result.error().sent;
        if (doubtful) {
            effect_left_ = true;
            effect_left_at_ = services_.clock->now();
        }
        take(Failed{
            std::move(result.error().error),
            doubtful || effect_left_ ? AttemptClass::kInDoubt : AttemptClass::kNotDone});
        return;
    }
    if (start_.connection) {
        const auto quota = start_.implementation->quota(result->headers);
        const int status = start_.implementation->status_of(*result);
        if (is_guarded()) {
            services_.gate->note_answer(connection_name(), status, quota);
        } else {
            services_.gate->count_answer(connection_name(), status, quota);
        }
    }
    if (result->status == 401 && !sent.audience.empty() && !token_refreshed_ && start_.connection) {
        // The service says who-are-you before it does anything: nothing took effect.
        token_refreshed_ = true;
        services_.tokens->invalidate(start_.connection->record.name, sent.audience);
        send(sent);
        return;
    }
    if (is_effect) {
        effect_left_ = true;
        effect_left_at_ = services_.clock->now();
    }
    take(exchange_->on_response(*result));
}

Duration OperationRun::attempt_took() const {
    return attempt_at_ ? services_.clock->now() - *attempt_at_ : Duration(0);
}

std::optional<Duration> OperationRun::time_left() const {
    if (!deadline_) {
        return std::nullopt;
    }
    return *deadline_ - services_.clock->now();
}

const model::RepeatAnswer* OperationRun::already_done(const Error& error) const {
    for (const model::RepeatAnswer& answer : start_.operation->already_done) {
        const bool is_code = answer.code.empty() || answer.code == connector::service_code(error);
        if (answer.status == error.http_status && is_code) {
            return &answer;
        }
    }
    return nullptr;
}

void OperationRun::on_failure(Failed failed) {
    const bool is_effect = start_.operation->effect != EffectClass::kRead;
    if (is_effect && may_have_happened_) {
        if (const auto* answer = already_done(failed.error)) {
            if (answer->then == "ignore") {
                in_flight_ = false;
                listener_.on_done(*this, attempt_, Done{Payload("null"), {}});
                return;
            }
            begin_probe();
            return;
        }
    }
    if (is_effect && failed.attempt_class == AttemptClass::kInDoubt) {
        may_have_happened_ = true;
        if (start_.operation->effect == EffectClass::kIdempotent) {
            retry(failed, blame_of(failed.error));
            return;
        }
        settle(failed.error);
        return;
    }
    in_flight_ = may_have_happened_;
    retry(failed, blame_of(failed.error));
}

void OperationRun::retry(const Failed& failed, Blame blame) {
    // A later attempt that was not done does not answer what became of an earlier one.
    const bool in_doubt = failed.attempt_class == AttemptClass::kInDoubt ||
                          (may_have_happened_ && is_transient(failed.error));
    ++retries_;
    const std::optional<Duration> server_wait =
        failed.error.retry_after ? std::optional<Duration>(*failed.error.retry_after)
                                 : std::nullopt;
    const auto wait = model::delay_before(start_.retry, retries_, services_.random(), server_wait);
    const auto left = time_left();
    const bool is_late = left && wait && *wait >= *left && !in_doubt;
    const bool is_final = !in_doubt && !is_transient(failed.error);
    const bool is_last = !wait || is_late || is_final;
    if (blame != Blame::kNone &&
        waits_after_failure(failed.error, is_last, retries_, &OperationRun::begin_attempt)) {
        return;
    }
    if (is_last) {
        if (in_doubt) {
            settle(failed.error);
        } else if (is_underway_effect() && !is_late && !is_final) {
            park(failed.error);
        } else {
            finish_failed(failed.error);
        }
        return;
    }
    note(failed.attempt_class, failed.error, "retry", *wait);
    after(*wait, &OperationRun::begin_attempt);
}

void OperationRun::settle(const Error& error) {
    note(AttemptClass::kInDoubt, error, "probe", Duration(0));
    after(Duration(0), &OperationRun::begin_probe);
}

void OperationRun::on_probe_done(const Done& done) {
    const auto parsed = parse_json(done.output.view(), "probe result");
    const bool found = parsed && bool_or(*parsed, "found", false);
    if (found) {
        const Json* output = find(*parsed, "output");
        in_flight_ = false;
        listener_.on_done(
            *this, attempt_, Done{to_payload(output == nullptr ? Json() : *output), done.record}
        );
        return;
    }
    const Timestamp trusted =
        effect_left_at_ + connector::trust_absent_after(*start_.operation, make_call().settings);
    const Duration wait = trusted - services_.clock->now();
    if (wait > Duration(0)) {
        after(std::min(wait, kProbeInterval), &OperationRun::begin_probe);
        return;
    }
    // Proof that it did not happen: from here on it is an ordinary attempt that was not done.
    may_have_happened_ = false;
    in_flight_ = false;
    Error error;
    error.kind = ErrorKind::kUnavailable;
    error.code = "EffectAbsent";
    error.message = start_.operation->id + " did not take effect; it is sent again.";
    retry(Failed{error, AttemptClass::kNotDone}, Blame::kNone);
}

void OperationRun::on_probe_failed(const Failed& failed) {
    const bool is_last = probes_ >= kProbesMax || !is_transient(failed.error);
    if (blame_of(failed.error) != Blame::kNone &&
        waits_after_failure(failed.error, is_last, probes_, &OperationRun::begin_probe)) {
        return;
    }
    if (is_last) {
        park(failed.error);
        return;
    }
    const Duration wait =
        failed.error.retry_after ? Duration(*failed.error.retry_after) : kProbeInterval * probes_;
    note(AttemptClass::kInDoubt, failed.error, "probe", wait);
    after(wait, &OperationRun::begin_probe);
}

void OperationRun::note(
    AttemptClass attempt_class, const Error& error, std::string_view next, Duration wait
) {
    Json note = {
        {"code", error.code},
        {"message", error.message},
        {"next", next},
        {"wait_ms", wait.count() / 1000},
    };
    if (!asked_.is_null()) {
        note["request"] = std::exchange(asked_, {});
    }
    if (error.http_status != 0) {
        note["answer"] = {{"status", error.http_status}, {"details", error.details}};
    }
    listener_.on_attempt(*this, attempt_, attempt_class, to_payload(note));
}

model::StepError OperationRun::step_error(const Error& error) const {
    model::StepError out;
    out.code = error.code;
    out.message = error.message;
    out.remedy = error.remedy;
    out.details = error.details;
    out.retryable = is_transient(error);
    out.status =
        error.kind == ErrorKind::kTimeout ? model::Status::kTimedOut : model::Status::kFailed;
    return out;
}

void OperationRun::finish_failed(const Error& error) {
    in_flight_ = false;
    listener_.on_failed(*this, attempt_, step_error(error));
}

void OperationRun::park(const Error& error) {
    model::StepError out = step_error(error);
    out.code = "EffectInDoubt";
    listener_.on_parked(*this, attempt_, std::move(out));
}

}  // namespace tideway::runtime
