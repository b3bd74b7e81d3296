#include "engine/server/drafts/draft_choice.h"

namespace tideway::server {

Status choose_drafts(
    const Context& context,
    const std::string& person,
    std::span<const model::RunRecord> runs,
    runtime::ResubmitChoices& choices
) {
    if (choices.code != runtime::CodeChoice::kDraft) {
        return {};
    }
    for (const model::RunRecord& run : runs) {
        if (choices.versions.contains(run.flow_id)) {
            continue;
        }
        TIDEWAY_TRY_ASSIGN(const auto flow, context.catalog->flow(run.flow_id));
        TIDEWAY_TRY_ASSIGN(
            const auto draft,
            context.drafts->flow_of_draft(
                flow.row.pack + "/" + flow.row.name, {person, "Runs were made again with it.", {}}
            )
        );
        choices.versions[run.flow_id] = draft.row.published;
    }
    return {};
}

}  // namespace tideway::server
