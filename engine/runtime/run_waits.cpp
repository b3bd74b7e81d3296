// RunSession: delays, child flows, callbacks and locks. Each is a wait row, made durable before it
// can be answered from outside, and a wake row that resumes the branch.
#include <algorithm>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/history/secured_admission.h"
#include "engine/runtime/resubmit/origin.h"
#include "engine/runtime/resubmit/reusable_steps.h"
#include "engine/runtime/run_session.h"
#include "engine/runtime/triggers/trigger_input.h"

namespace tideway::runtime {

using model::JournalRow;
using model::RowKind;
using script::Answer;
using script::RequestKind;

namespace {

// The result of a child flow as its caller sees it.
std::optional<Answer> answer_of_child(const model::RunRecord& child, std::string_view path) {
    if (!child.response.empty()) {
        const auto parsed = parse_json(child.response.view(), "response");
        const Json* body = parsed ? find(*parsed, "body") : nullptr;
        const auto status = parsed ? int_or(*parsed, "status", 200) : 200;
        if (status < 400) {
            return Answer::of(body == nullptr ? Payload() : to_payload(*body));
        }
        model::StepError error;
        error.code = "ChildFlowFailed";
        error.message = "The child flow answered with status " + std::to_string(status) + ".";
        error.step = path;
        error.details = child.response.str();
        return Answer::raise(std::move(error));
    }
    if (!model::is_final(child.status)) {
        return std::nullopt;
    }
    if (child.status == model::Status::kSucceeded || child.status == model::Status::kSkipped) {
        return Answer::of(child.output);
    }
    model::StepError error;
    if (!child.error.empty()) {
        error = model::parse_step_error(child.error.view());
    } else {
        error.code = "ChildFlowFailed";
        error.message = "The child flow ended as " + std::string(to_string(child.status)) + ".";
    }
    // The first failing leaf, as seen from the caller.
    error.step = error.step.empty() ? std::string(path) : std::string(path) + "/" + error.step;
    return Answer::raise(std::move(error));
}

model::StepError step_error(const Error& from, std::string_view path) {
    model::StepError out;
    out.code = from.code;
    out.message = from.message;
    out.remedy = from.remedy;
    out.details = from.details;
    out.step = path;
    return out;
}

// A flow that is called and can be run by a person demands the same of both.
Result<Payload> event_for(const LoadedVersion& child, const Payload& input) {
    if (!child.input.inputs) {
        return input;
    }
    TIDEWAY_TRY_ASSIGN(const Json given, parse_json(input.view(), "the child's input"));
    TIDEWAY_TRY_ASSIGN(const Json event, manual_event(child.input, child.declaration, given));
    return to_payload(event);
}

model::StepError child_timed_out(std::string_view path) {
    model::StepError error;
    error.code = "ActionTimedOut";
    error.message = "The child flow has not ended within the step's time limit.";
    error.status = model::Status::kTimedOut;
    error.step = path;
    return error;
}

struct ChildLookup {
    bool exists = false;
    int depth = 1;  // of the child below the run that nobody called
    Uid earlier{};  // what an earlier run of the lineage called there, or none
};

// Levels are counted no further than they matter.
Result<ChildLookup> look_up_child(
    store::Reader& reader, const model::RunRecord& caller, const std::string& path
) {
    ChildLookup out;
    TIDEWAY_TRY_ASSIGN(const auto found, reader.run_by_uid(Uid::derive(caller.uid, path)));
    out.exists = found.has_value();
    if (!out.exists) {
        TIDEWAY_TRY_ASSIGN(out.earlier, earlier_child(reader, caller.resubmit_of, path));
    }
    Uid parent = caller.parent_uid;
    while (!out.exists && !parent.is_none() && out.depth <= limits::kChildDepthMax) {
        ++out.depth;
        TIDEWAY_TRY_ASSIGN(const auto run, reader.run_by_uid(parent));
        parent = run ? run->parent_uid : Uid();
    }
    return out;
}

// The secret part of an address; the same after a crash.
std::string callback_token(std::string_view key, const Uid& run, std::string_view path) {
    return to_base64url(hmac_sha256(key, "callback:" + run.hex() + ":" + std::string(path)));
}

// What a person is asked; empty: a program calls.
std::string question_of(const Payload& begin, Timestamp now) {
    const Json details = parse_json(begin.view(), "a wait").value_or(Json());
    const Json* question = details.is_object() ? find(details, "question") : nullptr;
    if (question == nullptr) {
        return {};
    }
    Json out = *question;
    out["asked"] = format_utc(now);
    return dump(out);
}

// The answer to a question that nobody has answered; nothing: it is no question.
std::optional<Payload> default_answer(const Payload& wait) {
    const Json details = parse_json(wait.view(), "a wait").value_or(Json());
    const Json* answer = details.is_object() ? find(details, "default") : nullptr;
    if (answer == nullptr) {
        return std::nullopt;
    }
    return to_payload(Json{{"answer", *answer}, {"person", ""}});
}

// Where the run waits after the body of the scope.
std::string callback_path(const std::string& scope) {
    return scope + "/" + std::string(script::kCallbackAnswer);
}

}  // namespace

void RunSession::start_wait(Wait& wait) {
    if (auto error = late(wait.path)) {
        services_.operations.executor->post(
            guarded([this, path = wait.path, error = std::move(*error)] { give_up(path, error); })
        );
        return;
    }
    wait.is_started = true;
    switch (wait.kind) {
        case RequestKind::kDelay:
        case RequestKind::kDelayUntil:
            start_delay(wait);
            return;
        case RequestKind::kRunChildFlow:
            start_child(wait);
            return;
        case RequestKind::kCallbackBegin:
            make_callback(wait);
            return;
        case RequestKind::kWaitForCallback:
            await_callback(wait);
            return;
        default:
            start_lock(wait);
            return;
    }
}

void RunSession::recheck(const std::string& path) {
    if (const auto found = operations_.find(path); found != operations_.end()) {
        if (found->second->pause) {
            found->second->run->look_again();
        } else if (found->second->held) {
            ask_brake_again(*found->second);
        }
        return;
    }
    const auto it = waits_.find(path);
    if (it == waits_.end() || !it->second.is_started) {
        return;
    }
    switch (it->second.kind) {
        case RequestKind::kRunChildFlow:
            check_child(path);
            return;
        case RequestKind::kWaitForCallback:
            check_callback(path);
            return;
        case RequestKind::kExclusiveBegin:
            start_lock(it->second);
            return;
        default:
            return;
    }
}

void RunSession::wake(const std::string& path, const Answer& answer, std::string code) {
    if (is_over_ || ending_) {
        return;
    }
    if (is_preempted_) {
        kept_back_.emplace_back([this, path, answer, code] { wake(path, answer, code); });
        return;
    }
    const auto it = waits_.find(path);
    if (it == waits_.end()) {
        return;
    }
    JournalRow row;
    row.secured = it->second.secured;
    waits_.erase(it);
    note_progress();
    row.kind = RowKind::kWake;
    row.path = path;
    const bool is_value = answer.kind == Answer::Kind::kValue;
    row.status = is_value ? model::Status::kSucceeded : answer.error.status;
    row.code = std::move(code);
    row.output = is_value ? answer.value : model::to_payload(answer.error);
    append(std::move(row));
    deliver(path, answer);
}

void RunSession::start_delay(Wait& wait) {
    const Timestamp now = services_.operations.clock->now();
    const Duration left = wait.due && *wait.due > now ? *wait.due - now : Duration(0);
    wait.timer = services_.operations.executor->after(left, guarded([this, path = wait.path] {
                                                          wake(path, Answer::of({}), "OK");
                                                      }));
}

void RunSession::start_child(Wait& wait) {
    const std::string path = wait.path;
    if (wait.due) {
        const Duration left = *wait.due - services_.operations.clock->now();
        wait.timer = services_.operations.executor->after(
            std::max(Duration(0), left), guarded([this, path] { check_child(path); })
        );
    }
    services_.readers->read(
        *services_.operations.executor,
        [caller = run_, path](store::Reader& reader) {
            return look_up_child(reader, caller, path);
        },
        [this, alive = std::weak_ptr<bool>(alive_), path](const Result<ChildLookup>& found) {
            if (alive.expired() || waits_.find(path) == waits_.end()) {
                return;
            }
            if (found && found->exists) {
                check_child(path);
            } else {
                admit_child(path, found ? found->depth : 1, found ? found->earlier : Uid());
            }
        }
    );
}

void RunSession::admit_child(const std::string& path, int depth, const Uid& earlier) {
    if (refuses_unplanned(path)) {
        return;
    }
    const Wait& wait = waits_.find(path)->second;
    if (depth > limits::kChildDepthMax) {
        model::StepError error;
        error.code = "ChildFlowsTooDeep";
        error.message = "Child flows call each other more than " +
                        std::to_string(limits::kChildDepthMax) + " levels deep; '" +
                        wait.operation + "' is not started.";
        error.remedy = "Look for a flow that calls itself without end.";
        error.step = path;
        wake(path, Answer::raise(error), error.code);
        return;
    }
    const auto child = services_.catalog->child(*version_, wait.operation, run_.effects);
    if (!child) {
        wake(path, Answer::raise(step_error(child.error(), path)), child.error().code);
        return;
    }
    const auto event = event_for(**child, wait.input);
    if (!event) {
        wake(path, Answer::raise(step_error(event.error(), path)), event.error().code);
        return;
    }
    store::Admit admit;
    admit.event.uid = Uid::derive(Uid::derive(run_.uid, path), "event");
    admit.event.flow_id = (*child)->flow_id;
    admit.event.source = "child";
    admit.event.payload = *event;
    admit.event.received = services_.operations.clock->now();
    model::RunRecord run;
    run.uid = Uid::derive(run_.uid, path);
    // The same child of a resubmitted parent belongs to the same lineage.
    run.root_uid = Uid::derive(run_.root_uid, path);
    run.parent_uid = run_.uid;
    run.parent_path = path;
    run.flow_id = (*child)->flow_id;
    run.version_id = (*child)->version.id;
    run.effects = run_.effects;
    run.created = admit.event.received;
    run.resubmit_of = earlier;
    run.start_step = earlier.is_none() ? std::string_view() : start_in_child(run_.start_step, path);
    run.resubmission = run_.resubmission;
    admit.run = std::move(run);
    // The child's event and result are the call's input and output.
    secure(admit, wait.secured | (*child)->declaration.secured);
    add_command(std::move(admit), [this, path](const store::Outcome& outcome) {
        services_.observer->on_child_admitted(outcome.run_id);
        if (!waits_.contains(path)) {
            services_.observer->on_child_given_up(Uid::derive(run_.uid, path));
        }
    });
    gate([] {});
}

void RunSession::check_child(const std::string& path) {
    const Uid child_uid = Uid::derive(run_.uid, path);
    services_.readers->read(
        *services_.operations.executor,
        [child_uid](store::Reader& reader) { return reader.run_by_uid(child_uid); },
        [this,
         alive = std::weak_ptr<bool>(alive_),
         path](Result<std::optional<model::RunRecord>> found) {
            if (alive.expired() || !found) {
                return;
            }
            const auto it = waits_.find(path);
            if (it == waits_.end()) {
                return;
            }
            // The time may be up before the child is durable: it is given up once it is.
            const auto answer = *found ? answer_of_child(**found, path) : std::nullopt;
            if (!answer) {
                if (it->second.due && *it->second.due <= services_.operations.clock->now()) {
                    give_up(path, child_timed_out(path));
                }
                return;
            }
            if ((*found)->code == kUnplannedEffect) {
                stop({StopCause::kUnplanned, answer->error.message, answer->error.step});
                return;
            }
            // What the child keeps from readers of its run, its caller keeps as well.
            if ((*found)->is_secured) {
                it->second.secured = it->second.secured | model::Secured::kOutputs;
                secured_paths_.insert(path);
            }
            wake(path, *answer, (*found)->code);
        }
    );
}

// The address is durable before the script has it: whoever calls it is heard, however soon.
void RunSession::make_callback(const Wait& wait) {
    store::PutCallback put;
    put.token = callback_token(services_.callback_key, run_.uid, wait.path);
    put.run_id = run_.id;
    put.path = callback_path(wait.path);
    put.expires = *wait.due;
    if (run_.effects == model::Effects::kLive) {
        put.question = question_of(wait.input, services_.operations.clock->now());
    }
    // Recorded: a replay gives the same, wherever the listener is by then.
    const Payload callback = to_payload(Json{
        {"address", services_.public_url + "/callbacks/" + put.token},
        {"expires", format_utc(put.expires)}});
    add_command(std::move(put), [this, path = wait.path, callback](const store::Outcome&) {
        wake(path, Answer::of(callback), "OK");
    });
    gate([] {});
}

void RunSession::await_callback(Wait& wait) {
    const std::optional<Payload> by_default = default_answer(wait.input);
    if (by_default && run_.effects == model::Effects::kMuted) {
        services_.operations.executor->post(guarded([this, path = wait.path, answer = *by_default] {
            wake(path, Answer::of(answer), "OK");
        }));
        return;
    }
    const Duration left = *wait.due - services_.operations.clock->now();
    wait.timer = services_.operations.executor->after(
        std::max(Duration(0), left), guarded([this, path = wait.path, by_default] {
            if (by_default) {
                time_out_callback(path, Answer::of(*by_default), "Default");
                return;
            }
            model::StepError error;
            error.code = "ActionTimedOut";
            error.message = "Nobody called the address within the step's time limit.";
            error.status = model::Status::kTimedOut;
            error.step = model::parent_path(path);
            time_out_callback(path, Answer::raise(error), error.code);
        })
    );
    check_callback(wait.path);  // it may have come while the body ran
}

void RunSession::check_callback(const std::string& path) {
    services_.readers->read(
        *services_.operations.executor,
        [id = run_.id, path](store::Reader& reader) { return reader.callback(id, path); },
        [this,
         alive = std::weak_ptr<bool>(alive_),
         path](Result<std::optional<store::CallbackRow>> found) {
            if (!alive.expired() && found && *found && (*found)->received) {
                wake(path, Answer::of((*found)->payload), "OK");
            }
        }
    );
}

// The writer decides: a call that was accepted is delivered, one that comes now is refused.
void RunSession::time_out_callback(
    const std::string& path, const Answer& otherwise, const std::string& code
) {
    add_command(
        store::CloseCallback{run_.id, path},
        [this, path, otherwise, code](const store::Outcome& outcome) {
            if (outcome.granted) {
                check_callback(path);
            } else {
                wake(path, otherwise, code);
            }
        }
    );
    gate([] {});
}

void RunSession::close_callback(const script::StepRequest& scope_end) {
    add_command(store::CloseCallback{run_.id, callback_path(scope_end.path)});
}

// A muted run changes nothing that others could disturb, and holds nobody up: its locks are granted
// at once and are no locks.
void RunSession::start_lock(Wait& wait) {
    if (run_.effects == model::Effects::kMuted) {
        services_.operations.executor->post(guarded([this, path = wait.path] {
            wake(path, Answer::of({}), "OK");
        }));
        return;
    }
    if (wait.is_asking) {
        wait.ask_again = true;
        return;
    }
    wait.is_asking = true;
    store::AcquireLock acquire;
    acquire.key = wait.input.str();
    acquire.run_id = run_.id;
    acquire.holder = lock_holder_;
    acquire.path = wait.path;
    add_command(std::move(acquire), [this, path = wait.path](const store::Outcome& outcome) {
        if (outcome.granted) {
            wake(path, Answer::of({}), "OK");
            return;
        }
        const auto it = waits_.find(path);
        if (it == waits_.end()) {
            return;
        }
        it->second.is_asking = false;
        if (std::exchange(it->second.ask_again, false)) {
            start_lock(it->second);
        }
    });
    gate([] {});
}

void RunSession::release_lock(const std::string& path) {
    if (run_.effects == model::Effects::kMuted) {
        return;
    }
    store::ReleaseLock release;
    release.key = lock_keys_[path];
    release.run_id = run_.id;
    release.path = path;
    add_command(std::move(release));  // the flush tells who has the lock now
    gate([] {});
}

}  // namespace tideway::runtime
