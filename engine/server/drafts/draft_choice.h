// What `draft` means when runs are made again with it.
#pragma once

#include <span>
#include <string>

#include "engine/model/run.h"
#include "engine/runtime/resubmit/choices.h"
#include "engine/server/context.h"

namespace tideway::server {

// Says in `choices` which version the draft of each run's flow is, and keeps that version; nothing
// when the code is another. On the desk. The errors of Drafts::flow_of_draft().
Status choose_drafts(
    const Context& context,
    const std::string& person,
    std::span<const model::RunRecord> runs,
    runtime::ResubmitChoices& choices
);

}  // namespace tideway::server
