#include "engine/runtime/cases/case_recording.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/base/clock.h"
#include "engine/model/step_path.h"
#include "engine/runtime/cases/anonymise.h"
#include "engine/runtime/drafts/muted_effect.h"

namespace tideway::runtime {
namespace {

constexpr int kRefusedStatus = 400;

// One call of a connector that has ended.
struct RecordedCall {
    std::string call;
    Json input;
    Json output;  // or the error
    bool has_failed = false;
    bool is_effect = false;
    std::string at;
    std::vector<Json> retried;  // notes of the attempts before the last one
};

bool is_operation(std::string_view operation) {
    return operation.find('.') != std::string_view::npos;
}

// Texts that are others each time: what contains one cannot be compared.
class Volatile {
  public:
    void add(const Json& value) {
        if (value.is_string() && !value.get<std::string>().empty()) {
            texts_.insert(value.get<std::string>());
        }
    }

    bool is_in(const Json& value) const {
        if (value.is_string()) {
            const std::string text = value.get<std::string>();
            return std::ranges::any_of(texts_, [&text](const std::string& each) {
                return text.find(each) != std::string::npos;
            });
        }
        const bool is_list = value.is_array() || value.is_object();
        return is_list && std::any_of(value.begin(), value.end(), [this](const Json& member) {
                   return is_in(member);
               });
    }

    // Without the members that have one; a list with one is left out whole.
    Json without(const Json& value) const {
        if (!value.is_object()) {
            return is_in(value) ? Json() : value;
        }
        Json out = Json::object();
        for (const auto& [name, member] : value.items()) {
            if (!is_in(member)) {
                out[name] = member;
            } else if (Json rest = without(member); rest.is_object() && !rest.empty()) {
                out[name] = std::move(rest);
            }
        }
        return out;
    }

  private:
    std::set<std::string> texts_;
};

class CaseRecorder {
  public:
    CaseRecorder(const RecordedRun& recorded, EarlierAttempts attempts)
        : recorded_(recorded),
          attempts_(attempts) {
        read(recorded);
        std::ranges::stable_sort(calls_, {}, &RecordedCall::at);
    }

    Json test(const Json& variables) {
        const Json& run = recorded_.run;
        const Json event = run.value("event", Json::object());
        const std::string name = string_or(run, "flow");
        Json out = {
            {"title", "As the run " + string_or(run, "id") + " was."},
            {"flow", name.substr(name.find('/') + 1)},
            {"at", string_or(event, "received", string_or(run, "created"))},
            {"event", event.value("payload", Json::object())},
        };
        count_secured(event);
        if (!variables.empty()) {
            out["variables"] = variables;
        }
        out["answers"] = answers();
        if (!callbacks_.empty()) {
            out["callbacks"] = callbacks_;
        }
        Json expect = expected_run(recorded_);
        expect["effects"] = effects();
        out["expect"] = std::move(expect);
        return out;
    }

    std::size_t secured() const { return secured_; }

  private:
    void count_secured(const Json& holder) {
        if (const Json* secured = find(holder, "secured")) {
            secured_ += secured->size();
        }
    }

    // ------------------------------------------------------------------ the journal

    void read(const RecordedRun& recorded) {
        volatile_.add(recorded.run.value("id", Json()));
        std::map<std::string, Json> intents;
        for (const Json& row : recorded.rows) {
            const std::string kind = string_or(row, "kind");
            if (kind == "intent") {
                intents[string_or(row, "path")] = row;
            } else if (kind == "attempt") {
                read_attempt(row);
            } else if (kind == "result") {
                const auto intent = intents.find(string_or(row, "path"));
                read_result(row, intent == intents.end() ? nullptr : &intent->second);
            } else if (kind == "value") {
                read_value(row);
            } else if (kind == "wait") {
                waits_[string_or(row, "path")] = row;
            } else if (kind == "wake") {
                read_wake(row);
            }
        }
        for (const RecordedRun& child : recorded.children) {
            read(child);
        }
    }

    void read_value(const Json& row) {
        const std::string operation = string_or(row, "operation");
        if (operation == "now" || operation == "uuid") {
            volatile_.add(row.value("output", Json()));
        }
    }

    // A connection that was unavailable begins its attempts anew.
    void read_attempt(const Json& row) {
        std::vector<Json>& retried = retried_[string_or(row, "path")];
        const Json note = row.value("output", Json::object());
        if (string_or(row, "status") == "Waiting") {
            retried.clear();
        } else if (string_or(note, "next") == "retry") {
            retried.push_back(note);
        }
    }

    void read_result(const Json& row, const Json* intent) {
        std::vector<Json> retried = std::exchange(retried_[string_or(row, "path")], {});
        const Json& opening = intent == nullptr ? row : *intent;
        RecordedCall call;
        call.call = string_or(opening, "operation");
        if (!is_operation(call.call)) {
            return;
        }
        call.input = opening.value("input", Json());
        call.output = row.value("output", Json());
        call.has_failed = string_or(row, "status") != "Succeeded";
        call.is_effect = intent != nullptr || string_or(row, "code") == kMutedCode;
        call.at = string_or(row, "at");
        call.retried = std::move(retried);
        count_secured(row);
        calls_.push_back(std::move(call));
    }

    // The address of a callback, or the call that came to it.
    void read_wake(const Json& row) {
        const std::string path = string_or(row, "path");
        const auto wait = waits_.find(path);
        if (wait == waits_.end()) {
            return;
        }
        const std::string operation = string_or(wait->second, "operation");
        const Json output = row.value("output", Json());
        if (operation == "wait_for_callback") {
            volatile_.add(output.is_object() ? output.value("address", Json()) : Json());
            return;
        }
        if (operation != "callback" || string_or(row, "status") != "Succeeded") {
            return;
        }
        Json callback = {{"step", model::parent_path(path)}};
        const auto asked = parse_utc(string_or(wait->second, "at"));
        const auto came = parse_utc(string_or(row, "at"));
        const auto waited = asked && came ? (*came - *asked).count() / 1'000'000 : 0;
        if (waited > 0) {
            callback["after"] = "PT" + std::to_string(waited) + "S";
        }
        for (const char* part : {"queries", "body", "answer", "person"}) {
            if (const Json* given = find(output, part); given != nullptr && !given->empty()) {
                callback[part] = *given;
            }
        }
        count_secured(row);
        callbacks_.push_back(std::move(callback));
    }

    // ------------------------------------------------------------------ what the case says

    // What tells the calls of one operation apart: the members of their inputs that differ.
    Json asked(const RecordedCall& call) const {
        if (!call.input.is_object()) {
            return {};
        }
        Json out = Json::object();
        for (const auto& [name, value] : call.input.items()) {
            const bool differs = std::ranges::any_of(calls_, [&](const RecordedCall& other) {
                const Json* theirs = find(other.input, name);
                return other.call == call.call && (theirs == nullptr || *theirs != value);
            });
            if (differs && !volatile_.is_in(value)) {
                out[name] = value;
            }
        }
        return out.empty() ? Json() : out;
    }

    static Json refusal(const Json& error) {
        Json out = {{"status", kRefusedStatus}};
        const Json details = error.value("details", Json());
        const auto parsed = details.is_string() ? parse_json(details.get<std::string>(), "details")
                                                : Result<Json>(details);
        if (parsed) {
            const auto status = int_or(*parsed, "status", kRefusedStatus);
            const bool is_refusal = status >= 400 && status < 600;
            out["status"] = is_refusal ? status : kRefusedStatus;
        }
        for (const char* part : {"code", "message"}) {
            if (const std::string text = string_or(error, part); !text.empty()) {
                out[part] = text;
            }
        }
        return out;
    }

    // Of an attempt that was not the last: refused, or the service was not reached.
    static Json failed_attempt(const Json& note) {
        const Json* const answer = find(note, "answer");
        if (answer == nullptr) {
            return {{"lost", "before"}};
        }
        Json error = note;
        error["details"] = {{"status", int_or(*answer, "status", kRefusedStatus)}};
        return {{"refuse", refusal(error)}};
    }

    Json answers() const {
        Json out = Json::array();
        for (const RecordedCall& call : calls_) {
            Json common = {{"call", call.call}};
            if (const Json input = asked(call); !input.is_null()) {
                common["input"] = input;
            }
            if (attempts_ == EarlierAttempts::kKept) {
                for (const Json& note : call.retried) {
                    Json answer = common;
                    answer.update(failed_attempt(note));
                    add(out, std::move(answer), 1);
                }
            }
            const bool repeats = call.has_failed && attempts_ == EarlierAttempts::kLeftOut;
            Json answer = common;
            answer.update(
                call.has_failed ? Json{{"refuse", refusal(call.output)}}
                                : Json{{"output", call.output}}
            );
            // Refused for good is only what was refused as often as the policy tries.
            add(out, std::move(answer), repeats ? call.retried.size() + 1 : 1);
        }
        return out;
    }

    static void add(Json& answers, Json answer, std::size_t times) {
        if (!answers.empty() && same_answer(answers.back(), answer)) {
            answers.back()["times"] =
                int_or(answers.back(), "times", 1) + static_cast<std::int64_t>(times);
            return;
        }
        if (times > 1) {
            answer["times"] = times;
        }
        answers.push_back(std::move(answer));
    }

    static bool same_answer(Json before, const Json& answer) {
        before.erase("times");
        return before == answer;
    }

    Json effects() const {
        Json out = Json::array();
        for (const RecordedCall& call : calls_) {
            if (!call.is_effect || call.has_failed) {
                continue;
            }
            Json effect = {{"call", call.call}};
            if (const Json input = volatile_.without(call.input); !input.empty()) {
                effect["input"] = input;
            }
            out.push_back(std::move(effect));
        }
        return out;
    }

    Json expected_run(const RecordedRun& recorded) const {
        const Json& run = recorded.run;
        Json out = {{"status", string_or(run, "status")}};
        if (const std::string outcome = string_or(run, "outcome"); !outcome.empty()) {
            out["outcome"] = outcome;
        }
        const Json reason = run.value("outcome_reason", Json());
        if (reason.is_string() && !volatile_.is_in(reason)) {
            out["reason"] = reason;
        }
        if (const Json* error = find(run, "error")) {
            for (const char* part : {"code", "step"}) {
                if (const std::string text = string_or(*error, part); !text.empty()) {
                    out["error"][part] = text;
                }
            }
        }
        for (const char* part : {"output", "response"}) {
            const Json* value = find(run, part);
            if (value != nullptr && !value->is_null() && !volatile_.is_in(*value)) {
                out[part] = *value;
            }
        }
        Json steps = Json::object();
        add_steps(run.value("steps", Json::array()), steps);
        if (!steps.empty()) {
            out["steps"] = std::move(steps);
        }
        for (const RecordedRun& child : recorded.children) {
            out["children"][string_or(child.run, "parent_step")] = expected_run(child);
        }
        return out;
    }

    // Calls and decisions that were made.
    static void add_steps(const Json& nodes, Json& out) {
        for (const Json& node : nodes) {
            const std::string path = string_or(node, "path");
            const std::string status = string_or(node, "status");
            const Json* value = find(node, "value");
            if (!path.empty() && value != nullptr && value->is_boolean()) {
                out[path] = {{"value", *value}};
            } else if (!path.empty() && is_operation(string_or(node, "operation"))) {
                out[path] = status;
            }
            if (const Json* children = find(node, "children")) {
                add_steps(*children, out);
            }
        }
    }

    const RecordedRun& recorded_;
    const EarlierAttempts attempts_;
    std::map<std::string, std::vector<Json>> retried_;  // by path, of steps without a result
    Volatile volatile_;
    std::vector<RecordedCall> calls_;
    std::map<std::string, Json> waits_;
    Json callbacks_ = Json::array();
    std::size_t secured_ = 0;
};

}  // namespace

CaseRecording record_case(
    const RecordedRun& recorded, const Json& variables, EarlierAttempts attempts
) {
    CaseRecorder recorder(recorded, attempts);
    CaseRecording out;
    const Json whole = recorder.test(variables);
    Anonymiser anonymiser;
    anonymiser.learn(whole);
    out.test = anonymiser.replace(whole);
    out.replaced = anonymiser.size();
    out.secured = recorder.secured();
    return out;
}

}  // namespace tideway::runtime
