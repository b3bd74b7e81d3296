#include "engine/runtime/echo/echo_check.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/model/step_path.h"
#include "engine/runtime/effect_key.h"

namespace tideway::runtime {

using model::EffectRecord;
using model::EffectState;

namespace {

constexpr int kEffectsMax = 50;  // of one record; older ones say nothing about a change of now
constexpr Duration kLookAgain = std::chrono::milliseconds(250);

bool is_done(const EffectRecord& effect) {
    return effect.state == EffectState::kDone || effect.state == EffectState::kAdopted;
}

// The hashes of the fields that the flow watches; none where the event does not have them all.
std::map<std::string, std::string> watched_fields(const Json& hashes, const Json* watched) {
    std::map<std::string, std::string> out;
    if (watched == nullptr || !watched->is_array() || watched->empty()) {
        for (const auto& [name, hash] : hashes.items()) {
            out.emplace(name, hash.get<std::string>());
        }
        return out;
    }
    for (const Json& name : *watched) {
        const Json* hash = name.is_string() ? find(hashes, name.get<std::string>()) : nullptr;
        if (hash == nullptr) {
            return {};
        }
        out.emplace(name.get<std::string>(), hash->get<std::string>());
    }
    return out;
}

struct Writer {
    const EffectRecord* effect = nullptr;
    std::string hash;
};

// Who wrote each field last. What may have been written, but is not known, counts as a write of
// something else.
std::map<std::string, Writer> last_writers(const std::vector<EffectRecord>& newest_first) {
    std::map<std::string, Writer> out;
    for (const EffectRecord& effect : newest_first) {
        if (effect.state == EffectState::kFailed || effect.fields.empty()) {
            continue;
        }
        const auto fields = parse_json(effect.fields.view(), "fields of an effect");
        if (!fields) {
            continue;
        }
        for (const auto& [name, hash] : fields->items()) {
            out.emplace(name, Writer{&effect, is_done(effect) ? hash.get<std::string>() : ""});
        }
    }
    return out;
}

EchoVerdict echo_of(const EffectRecord& effect) {
    return {EchoVerdict::Kind::kEcho, effect.run_id, effect.path};
}

}  // namespace

std::optional<RecordChange> read_change(
    const model::TriggerSpec& trigger,
    const std::string& connection,
    const Json& config,
    const Json& event
) {
    RecordChange change;
    change.connection = connection;
    change.object = resolve(trigger.object, event, Json());
    change.record_id = resolve(trigger.record_id, event, Json());
    if (change.record_id.empty() || string_or(config, "own_changes") == "run") {
        return std::nullopt;
    }
    change.version = resolve(trigger.version, event, Json());
    const Json* watched = trigger.watched.empty() ? nullptr : find(config, trigger.watched);
    const auto hashes = parse_json(field_hashes(trigger.fields, event).view(), "fields");
    if (hashes && hashes->is_object()) {
        change.fields = watched_fields(*hashes, watched);
    }
    return change;
}

model::ChangeName read_change_name(const Json& item) {
    const Json* change = find(item, "change");
    if (change == nullptr) {
        return {};
    }
    return {
        string_or(*change, "record"), string_or(*change, "version"), string_or(*change, "state")};
}

EchoVerdict judge(const RecordChange& change, const std::vector<EffectRecord>& effects) {
    const auto is_open = [](const EffectRecord& effect) {
        return effect.state == EffectState::kOpen;
    };
    if (std::ranges::any_of(effects, is_open)) {
        return {EchoVerdict::Kind::kUndecided, 0, {}};
    }
    for (const EffectRecord& effect : effects) {
        if (is_done(effect) && !change.version.empty() && effect.version == change.version) {
            return echo_of(effect);
        }
    }
    const auto writers = last_writers(effects);
    const EffectRecord* newest = nullptr;
    for (const auto& [field, hash] : change.fields) {
        const auto writer = writers.find(field);
        if (writer == writers.end() || writer->second.hash != hash) {
            return {};
        }
        const EffectRecord* effect = writer->second.effect;
        newest = newest == nullptr || effect->id > newest->id ? effect : newest;
    }
    return newest == nullptr ? EchoVerdict() : echo_of(*newest);
}

void EchoCheck::check(RecordChange change, Done done) {
    auto question = std::make_shared<Question>();
    question->change = std::move(change);
    question->done = std::move(done);
    question->left = limits::kEchoWait;
    ask(question);
}

void EchoCheck::check_all(std::vector<RecordChange> changes, AllDone done) {
    struct Answers {
        std::vector<std::optional<std::string>> whys;
        std::size_t missing = 0;
        AllDone done;
    };

    auto answers = std::make_shared<Answers>();
    answers->whys.resize(changes.size());
    answers->missing = changes.size();
    answers->done = std::move(done);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        check(std::move(changes[i]), [answers, i](std::optional<std::string> why) {
            answers->whys[i] = std::move(why);
            if (--answers->missing == 0) {
                answers->done(std::move(answers->whys));
            }
        });
    }
}

void EchoCheck::ask(const std::shared_ptr<Question>& question) {
    struct Answer {
        EchoVerdict verdict;
        std::string writer;  // of an echo
    };

    const auto query = [question](store::Reader& reader) -> Result<Answer> {
        const RecordChange& change = question->change;
        TIDEWAY_TRY_ASSIGN(
            const auto effects,
            reader.effects_on(change.connection, change.object, change.record_id, kEffectsMax)
        );
        Answer answer;
        answer.verdict = judge(change, effects);
        if (answer.verdict.kind == EchoVerdict::Kind::kEcho) {
            TIDEWAY_TRY_ASSIGN(const auto run, reader.run(answer.verdict.run));
            answer.writer = "written by run " +
                            (run ? run->uid.hex() : std::to_string(answer.verdict.run)) +
                            ", step " + model::describe_path(answer.verdict.path);
        }
        return answer;
    };
    readers_.read(*executor_, query, [this, question](const Result<Answer>& answer) {
        // A change is never lost because the ledger could not be asked.
        const bool is_undecided = answer && answer->verdict.kind == EchoVerdict::Kind::kUndecided;
        if (is_undecided && question->left > Duration(0)) {
            ask_again(question);
            return;
        }
        timers_.erase(question.get());
        const bool is_echo = answer && answer->verdict.kind == EchoVerdict::Kind::kEcho;
        question->done(is_echo ? std::optional(answer->writer) : std::nullopt);
    });
}

void EchoCheck::ask_again(const std::shared_ptr<Question>& question) {
    question->left -= kLookAgain;
    timers_[question.get()] = executor_->after(kLookAgain, [this, question] { ask(question); });
}

}  // namespace tideway::runtime
