#include "engine/runtime/history/call_tree.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/limits.h"
#include "engine/runtime/resubmit/rerun.h"

namespace tideway::runtime {
namespace {

using model::RunRecord;
using model::Status;

Result<std::vector<RunRecord>> children(
    store::Reader& reader, const Uid& parent, std::vector<Status> statuses
) {
    store::RunFilter filter;
    filter.parent_uid = parent;
    filter.statuses = std::move(statuses);
    filter.limit = static_cast<int>(limits::kPageSizeMax);
    std::vector<RunRecord> out;
    do {
        TIDEWAY_TRY_ASSIGN(store::RunPage page, reader.runs(filter));
        std::ranges::move(page.runs, std::back_inserter(out));
        filter.before_id = page.next_before;
    } while (filter.before_id != 0);
    return out;
}

}  // namespace

Result<RunRecord> top_of_call_tree(store::Reader& reader, RunRecord run) {
    for (int level = 0; level <= limits::kChildDepthMax && !run.parent_uid.is_none(); ++level) {
        TIDEWAY_TRY_ASSIGN(auto parent, reader.run_by_uid(run.parent_uid));
        if (!parent) {
            break;
        }
        run = std::move(*parent);
    }
    return run;
}

Result<std::vector<RunRecord>> open_runs_of_tree(store::Reader& reader, const RunRecord& top) {
    std::vector<RunRecord> tree{top};
    for (std::size_t at = 0; at < tree.size(); ++at) {
        TIDEWAY_TRY_ASSIGN(auto below, children(reader, tree[at].uid, {}));
        std::ranges::move(below, std::back_inserter(tree));
    }
    std::erase_if(tree, [](const RunRecord& run) { return model::is_final(run.status); });
    return tree;
}

Result<std::vector<RunRecord>> open_children(store::Reader& reader, const Uid& parent) {
    return children(reader, parent, {Status::kWaiting, Status::kRunning, Status::kPaused});
}

bool ends_its_children(const RunRecord& run) {
    return run.status == Status::kCancelled || run.status == Status::kTimedOut ||
           run.code == kUnplannedEffect;
}

}  // namespace tideway::runtime
