// Answers operations from a case instead of from services, and remembers what it was asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/connector/connector.h"
#include "engine/runtime/cases/case.h"

namespace tideway::runtime {

// Thread: the shard's while a case runs, the runner's before and after.
class ScriptedService {
  public:
    struct Effect {
        std::string call;
        Json input;
    };

    // Forgets what was before.
    void begin(const std::vector<CaseAnswer>& answers);

    enum class Question { kCall, kProbe };
    connector::Turn answer(const connector::Call& call, Question question);

    // Effects that took place, in order: an answer lost on its way back is one.
    const std::vector<Effect>& effects() const { return effects_; }

    // "dynamics365.get_row was called with {...}": calls for which the case has no answer.
    const std::vector<std::string>& unanswered() const { return unanswered_; }

    // Answers that had to be used and were not.
    std::vector<const CaseAnswer*> unused() const;

  private:
    struct Planned {
        CaseAnswer answer;
        int used = 0;
    };

    Planned* next(const std::string& call, const Json& input, bool is_probe);
    std::string offered(const std::string& call, bool is_probe) const;
    connector::Turn refuse(const connector::Call& call, const Json& refusal) const;

    std::vector<Planned> planned_;
    std::vector<Effect> effects_;
    std::vector<std::string> unanswered_;
};

// The settings of a connection of a case: which reference it stands for.
Json case_connection_settings(const std::string& reference);

// A connector that asks the service. Borrows it.
std::unique_ptr<connector::Connector> make_scripted_connector(ScriptedService& service);

}  // namespace tideway::runtime
