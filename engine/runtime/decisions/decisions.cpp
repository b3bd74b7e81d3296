#include "engine/runtime/decisions/decisions.h"

#include <algorithm>
#include <utility>

namespace tideway::runtime {

Result<std::vector<OpenDecision>> Decisions::list(store::Reader& reader) const {
    std::vector<OpenDecision> out;
    for (const auto& source : sources_) {
        TIDEWAY_TRY_ASSIGN(auto decisions, source->list(reader));
        const std::string kind(source->kind());
        for (Decision& decision : decisions) {
            std::string id = kind + "/" + decision.key;
            out.push_back({std::move(id), kind, std::move(decision)});
        }
    }
    std::ranges::stable_sort(out, {}, [](const OpenDecision& open) { return open.decision.since; });
    return out;
}

Result<OpenDecision> Decisions::find(store::Reader& reader, std::string_view id) const {
    TIDEWAY_TRY_ASSIGN(auto open, list(reader));
    const auto found = std::ranges::find(open, id, &OpenDecision::id);
    if (found == open.end()) {
        return fail(
            ErrorKind::kNotFound,
            "DecisionNotFound",
            "Nothing waits for the decision '" + std::string(id) + "', or not any more.",
            "See what waits: tideway decisions list"
        );
    }
    return std::move(*found);
}

Result<OpenDecision> Decisions::answer_blocking(std::string_view id, const GivenAnswer& answer) {
    TIDEWAY_TRY_ASSIGN(auto open, find(store_.reader(), id));
    std::string choices;
    bool is_known = false;
    for (const AnswerChoice& choice : open.decision.choices) {
        choices += (choices.empty() ? "" : ", ") + choice.word;
        is_known = is_known || choice.word == answer.word;
    }
    if (!is_known) {
        return fail(
            ErrorKind::kInvalidInput,
            "UnknownAnswer",
            "'" + answer.word + "' is no answer to " + open.id + ".",
            "Answer with one of: " + choices + "."
        );
    }
    const auto source = std::ranges::find(sources_, open.kind, [](const auto& candidate) {
        return candidate->kind();
    });
    TIDEWAY_TRY((*source)->answer_blocking(store_.reader(), open.decision, answer));
    return open;
}

}  // namespace tideway::runtime
