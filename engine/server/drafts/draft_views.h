// Drafts and revisions as the API shows them. Pure.
#pragma once

#include "engine/base/json.h"
#include "engine/runtime/drafts/drafts.h"

namespace tideway::server {

Json view(const model::PackRevision& revision);
Json view(const runtime::DraftStatus& status);
Json view(const runtime::PackDiff& diff);
Json view(const runtime::Restored& restored);
Json view(const runtime::PackFile& file);
Json view(const runtime::SavedFile& saved);

}  // namespace tideway::server
