// Everything that waits for a person, in one list: each kind is a source of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/payload.h"
#include "engine/runtime/runtime.h"
#include "engine/store/store.h"

namespace tideway::runtime {

// One of the answers that may be given.
struct AnswerChoice {
    std::string word;
    std::string means;          // what happens then, for people
    bool takes_output = false;  // the answer comes with a JSON value
};

struct Decision {
    std::string key;  // of its source: tells it from others of the kind
    std::string title;
    std::string reason;     // why a person is asked
    Timestamp since;        // of what waits
    std::string flow;       // "pack/flow", where it is about one
    std::string step;       // the same
    Uid run;                // or none
    std::int64_t runs = 0;  // that wait for it
    std::vector<AnswerChoice> choices;
};

struct GivenAnswer {
    std::string word;    // of one of the choices
    Payload output;      // where it takes one
    std::string person;  // whose answer it is
};

// Thread: any.
class DecisionSource {
  public:
    virtual ~DecisionSource() = default;
    virtual std::string_view kind() const = 0;  // "brake"; the first part of an id
    virtual Result<std::vector<Decision>> list(store::Reader& reader) const = 0;
    // `decision` is one of list(), the word one of its choices.
    virtual Status answer_blocking(
        store::Reader& reader, const Decision& decision, const GivenAnswer& answer
    ) = 0;
};

// A decision with the kind of its source.
struct OpenDecision {
    std::string id;  // "brake/co_sell_dynamics365"
    std::string kind;
    Decision decision;
};

// Thread: any; sources are added before.
class Decisions {
  public:
    explicit Decisions(store::Store& store)
        : store_(store) {}

    void add(std::unique_ptr<DecisionSource> source) { sources_.push_back(std::move(source)); }

    // Oldest first.
    Result<std::vector<OpenDecision>> list(store::Reader& reader) const;

    // Code "DecisionNotFound": nobody waits for it, or not any more.
    Result<OpenDecision> find(store::Reader& reader, std::string_view id) const;

    // What was decided. Code "UnknownAnswer" names the choices. Blocking.
    Result<OpenDecision> answer_blocking(std::string_view id, const GivenAnswer& answer);

  private:
    store::Store& store_;
    std::vector<std::unique_ptr<DecisionSource>> sources_;
};

// Those that the engine has: the brake of a pack, effects in doubt, runs that were paused, and what
// flows ask.
void add_engine_decisions(Decisions& decisions, Runtime& runtime, const FlowCatalog& catalog);

}  // namespace tideway::runtime
